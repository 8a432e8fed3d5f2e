import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Failure } from '../failure.ts'

export type ComponentSpec = {
  readonly name: string
  /** What Node runs: a file and its arguments. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Answers 200 when the component can do its work. Left out: it counts as healthy once it runs. */
  readonly healthUrl?: string
  /** How long it may take to end by itself when told to. */
  readonly stopDeadlineMs?: number
}

/** What the supervisor has to say about a component, for people. */
export type ComponentEvents = {
  onLine(line: string): void
  onNotice(text: string): void
}

export type Component = {
  readonly name: string
  /** Of the running process; undefined between a crash and the next start, and after the stop. */
  readonly pid: number | undefined
  /** SIGTERM, then SIGKILL when the deadline has passed. Safe to call twice. */
  stop(): Promise<void>
  /** SIGKILL now, and no restart. */
  kill(): void
}

const stopWithParent = fileURLToPath(new URL('../stop-with-parent.ts', import.meta.url))
const startDeadlineMs = 60_000
const firstBackoffMs = 500
const maxBackoffMs = 30_000
/** After so long a run, a crash counts as the first again. */
const steadyMs = 60_000

/**
 * Starts a program of ours and keeps it running: when it ends without having been told to, it is started again after a
 * pause that doubles with each crash in a row (jittered, 30 s at most).
 *
 * @throws Failure `componentNotHealthy` when its first start fails; it is not tried again then, since a wrong setting
 *   is the likeliest cause
 */
export async function startComponent(
  spec: ComponentSpec,
  events: ComponentEvents,
  signal: AbortSignal,
): Promise<Component> {
  signal.throwIfAborted()
  const stopping = new AbortController()
  let running = launch(spec, events)
  let supervision = Promise.resolve()

  const stop = async () => {
    if (!stopping.signal.aborted) {
      stopping.abort()
      running.child.kill('SIGTERM')
    }
    const ended = await Promise.race([
      running.ended,
      wait(spec.stopDeadlineMs ?? 8_000, 'late' as const, { ref: false }),
    ])
    if (ended === 'late') {
      events.onNotice('did not end in time and was killed')
      running.child.kill('SIGKILL')
      await running.ended
    }
    await supervision
  }

  try {
    await untilHealthy(spec, running.ended, signal)
  } catch (cause) {
    await stop()
    signal.throwIfAborted()
    throw new Failure(
      'componentNotHealthy',
      `the ${spec.name} did not start: ${cause instanceof Error ? cause.message : cause}`,
      running.lastLines.length > 0 ? `Its last words:\n  ${running.lastLines.join('\n  ')}` : 'It said nothing',
      cause,
    )
  }

  const supervise = async () => {
    let crashCount = 0
    for (;;) {
      const startedAt = performance.now()
      const how = await running.ended
      if (stopping.signal.aborted) return
      crashCount = performance.now() - startedAt > steadyMs ? 1 : crashCount + 1
      const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** (crashCount - 1)) * (0.75 + Math.random() / 2)
      events.onNotice(`${how}; starting it again in ${(backoffMs / 1000).toFixed(1)} s`)
      try {
        await wait(backoffMs, undefined, { signal: stopping.signal })
      } catch {
        return // aborted: it is to stay down
      }
      running = launch(spec, events)
      untilHealthy(spec, running.ended, stopping.signal).then(
        () => events.onNotice('runs again'),
        () => undefined, // it ended before that, which the next round of this loop reports
      )
    }
  }
  supervision = supervise()

  return {
    name: spec.name,
    get pid() {
      return running.child.exitCode === null && running.child.signalCode === null ? running.child.pid : undefined
    },
    stop,
    kill: () => {
      stopping.abort()
      running.child.kill('SIGKILL')
    },
  }
}

type Running = { readonly child: ChildProcess; readonly ended: Promise<string>; readonly lastLines: string[] }

function launch(spec: ComponentSpec, events: ComponentEvents): Running {
  const child = spawn(process.execPath, ['--import', stopWithParent, ...spec.argv], {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    detached: true, // a Ctrl-C in the terminal reaches the whole foreground group; the order of stopping is ours
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      if (lastLines.push(line) > 30) lastLines.shift()
      events.onLine(line)
    })
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be run (${error.message})`))
    child.once('exit', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `ended by ${signal}`
      // 'close' comes after the last line of output; but a grandchild may keep the pipe open for ever.
      child.once('close', () => resolve(how))
      setTimeout(() => resolve(how), 1_000).unref()
    })
  })
  return { child, ended, lastLines }
}

async function untilHealthy(spec: ComponentSpec, ended: Promise<string>, signal: AbortSignal): Promise<void> {
  if (spec.healthUrl === undefined) return
  const giveUp = new AbortController()
  const deadline = setTimeout(
    () => giveUp.abort(new Error(`${spec.healthUrl} did not answer 200 in time`)),
    startDeadlineMs,
  )
  void ended.then((how) => giveUp.abort(new Error(how)))
  const given = AbortSignal.any([giveUp.signal, signal])
  try {
    for (;;) {
      given.throwIfAborted()
      const isHealthy = await fetch(spec.healthUrl, {
        signal: AbortSignal.any([given, AbortSignal.timeout(5_000)]),
      }).then(
        async (response) => {
          await response.body?.cancel()
          return response.status === 200
        },
        () => false, // not listening yet
      )
      if (isHealthy) return
      await wait(100, undefined, { signal: given }).catch(() => undefined) // told apart at the top of the loop
    }
  } finally {
    clearTimeout(deadline)
  }
}
