import { spawn } from 'node:child_process'

/** What a program that reads a device's bytes may use up. */
export type RunLimits = {
  cpuSeconds: number
  memoryBytes: number
  /** From its start to its end, whatever it waits for. */
  wallMs: number
  /** Of what it prints. */
  outputBytes: number
}

export type RunOutcome =
  | { kind: 'done'; stdout: Buffer }
  /** It said no, crashed, or was stopped at a limit; the words are its own, or name the limit. */
  | { kind: 'failed'; error: string }
  /** The signal came. */
  | { kind: 'interrupted' }

/** How programs are started: with which words before theirs. */
export type Cage = { prefix: readonly string[] }

const maxErrorBytes = 2_000

/**
 * Runs a program that is not trusted with its input: limited in processor time, memory, files and output, at the lowest
 * priority, with an empty environment, and with `fd` as its file 3. It is killed when a limit or the signal says so, and gone
 * when this resolves.
 */
export async function runLimited(
  argv: readonly string[],
  given: { cage: Cage; fd: number; limits: RunLimits; signal: AbortSignal },
): Promise<RunOutcome> {
  const { limits, signal } = given
  if (signal.aborted) return { kind: 'interrupted' }
  const [command = '', ...rest] = [
    ...given.cage.prefix,
    ...['nice', '-n', '19', 'prlimit', `--cpu=${limits.cpuSeconds}`, `--as=${limits.memoryBytes}`],
    ...['--fsize=0', '--core=0', '--nofile=32', '--', ...argv],
  ]
  const child = spawn(command, rest, {
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe', given.fd],
    // A group of its own, so that what it has started ends with it.
    detached: true,
  })
  const chunks: Buffer[] = []
  let outputBytes = 0
  let errorText = ''
  let stopped: 'time' | 'output' | 'signal' | null = null
  const stop = (because: 'time' | 'output' | 'signal') => {
    stopped ??= because
    killGroup(child.pid)
  }
  const late = setTimeout(() => stop('time'), limits.wallMs)
  const onAbort = () => stop('signal')
  signal.addEventListener('abort', onAbort, { once: true })
  child.stdout?.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length
    if (outputBytes > limits.outputBytes) stop('output')
    else chunks.push(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    if (errorText.length < maxErrorBytes) errorText += chunk.toString('latin1')
  })
  try {
    const ended = await new Promise<{ code: number | null; signal: string | null } | { error: Error }>((resolve) => {
      child.once('error', (error) => resolve({ error }))
      child.once('close', (code, killedBy) => resolve({ code, signal: killedBy }))
    })
    if (stopped === 'signal') return { kind: 'interrupted' }
    if (stopped === 'time') return { kind: 'failed', error: `it took longer than ${limits.wallMs / 1000} s` }
    if (stopped === 'output') return { kind: 'failed', error: `it printed more than ${limits.outputBytes} bytes` }
    if ('error' in ended) return { kind: 'failed', error: ended.error.message }
    if (ended.code === 0) return { kind: 'done', stdout: Buffer.concat(chunks) }
    return { kind: 'failed', error: firstLine(errorText) ?? `it ended with ${ended.signal ?? ended.code}` }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', onAbort)
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return // it never began
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself, which is what was wanted.
  }
}

/** What it said first, without what could forge a line of a log or move a cursor. */
function firstLine(text: string): string | null {
  const line = text.split('\n').find((one) => one.trim() !== '')
  return line === undefined ? null : line.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300)
}
