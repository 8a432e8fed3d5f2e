import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

export type Program = {
  readonly pid: number
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a program and waits until it answers at an address, whatever it answers. It does not outlive this process, if
 * `killedBy` ends it; SIGKILL if nothing is said.
 */
export async function startProgram(
  command: string,
  argv: readonly string[],
  options: { answersAt: string; env?: Record<string, string>; killedBy?: NodeJS.Signals },
): Promise<Program> {
  const child = spawn(command, argv, {
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000)
  })
  const ended = once(child, 'exit')
  const kill = () => child.kill(options.killedBy ?? 'SIGKILL')
  process.prependOnceListener('exit', kill) // before what it writes to is removed
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    process.removeListener('exit', kill)
  }
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  for (const deadlineMs = performance.now() + 30_000; ; ) {
    if (child.exitCode !== null) throw new Error(`${command} ended at its start:\n${said}`)
    if (await answers(options.answersAt)) return { pid, stop }
    if (performance.now() > deadlineMs) {
      await stop()
      throw new Error(`${command} did not answer at ${options.answersAt}:\n${said}`)
    }
    await wait(30)
  }
}

const answers = (url: string) =>
  fetch(url).then(
    (response) => response.arrayBuffer().then(() => true),
    () => false, // not listening yet
  )
