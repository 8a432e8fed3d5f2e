import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Wall time, processor time and peak of memory of one upload. */
export type Taken = { wallMs: number; cpuMs: number; rssMb: number }

/** Runs one of our programs, which measures itself without the time that its runtime takes to start. */
export async function runSelfMeasured(command: string, argv: readonly string[]): Promise<Taken> {
  const { stdout } = await run(command, argv)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

/** Runs somebody else's program; the shell tells of its processor time, `/proc` of its memory. */
export async function runMeasured(
  command: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Taken> {
  const begunMs = performance.now()
  const { stderr, rssMb } = await run(
    'bash',
    ['-c', 'TIMEFORMAT="measured %U %S"; time "$@" >/dev/null', 'bash', command, ...argv],
    env,
  )
  const times = /measured ([\d.]+) ([\d.]+)/.exec(stderr)
  const [user = Number.NaN, system = Number.NaN] = (times?.slice(1) ?? []).map(Number)
  return { wallMs: performance.now() - begunMs, cpuMs: (user + system) * 1_000, rssMb }
}

async function run(command: string, argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What is set for other uploads of this machine (authorities, keys) is not for these.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  })
  let [stdout, stderr, rssMb] = ['', '', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const timer = setInterval(() => {
    rssMb = Math.max(rssMb, peakMb(firstChildOf(child.pid)))
  }, 50)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command} ${argv.join(' ')} ended with ${code}: ${stderr}`)
  return { stdout, stderr, rssMb }
}

function firstChildOf(pid: number | undefined): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || pid
  } catch {
    return pid // gone already
  }
}

function peakMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000
  } catch {
    return 0 // gone already
  }
}
