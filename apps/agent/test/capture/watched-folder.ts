import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type {
  CaptureClock,
  CaptureListener,
  FileIdentity,
  KnownFiles,
  SettledFile,
  Volume,
  WatchFolder,
} from '../../src/capture/capture-port.ts'
import { startCapture } from '../../src/capture/start-capture.ts'

/** Short, so that tests are; long enough for a writer's next write to come before it. */
export const settleMs = 200
const deadlineMs = 30_000

type Told = Omit<CaptureListener, 'together'>
type Call = { [Name in keyof Told]: { on: Name; args: Parameters<Told[Name]> } }[keyof Told]

/** Remembers what was told and waits for what is to be told; answers as the queue would, by identity. */
export function createRecord() {
  const calls: Call[] = []
  const rows: { path: string; identity: FileIdentity; isGivenUp: boolean }[] = []
  const noticed: (() => void)[] = []
  const readPaths: string[] = []
  const failing = new Set<keyof Told>()
  const steps: number[] = []
  const note = (call: Call) => {
    if (failing.has(call.on)) throw new Error(`the test lets ${call.on} fail`)
    calls.push(call)
    for (const wake of noticed.splice(0)) wake()
  }
  const listener: CaptureListener = {
    together(tellAll) {
      const [callCount, rowCount] = [calls.length, rows.length]
      try {
        tellAll()
        steps.push(rows.length - rowCount)
      } catch (error) {
        calls.splice(callCount)
        rows.splice(rowCount)
        throw error
      }
    },
    onSettled: (...args) => {
      note({ on: 'onSettled', args })
      rows.push({ path: args[0].path, identity: args[0].identity, isGivenUp: false })
    },
    onMoved: (...args) => {
      note({ on: 'onMoved', args })
      for (const row of rows)
        if (row.identity.key === args[0].identity.key) Object.assign(row, { path: args[0].path, isGivenUp: false })
    },
    onKnown: (...args) => note({ on: 'onKnown', args }),
    onGrowing: (...args) => note({ on: 'onGrowing', args }),
    onChanged: (...args) => note({ on: 'onChanged', args }),
    onRefused: (...args) => note({ on: 'onRefused', args }),
    onUnreadable: (...args) => note({ on: 'onUnreadable', args }),
    onGone: (...args) => {
      note({ on: 'onGone', args })
      for (const row of rows) if (row.path === args[0].path) row.isGivenUp = args[0].volumePresent
    },
    onVolumes: (...args) => note({ on: 'onVolumes', args }),
  }
  const known: KnownFiles = {
    hasStat: (statKey, path) =>
      rows.some((row) => row.identity.statKey === statKey && row.path === path && !row.isGivenUp),
    find: (identity) => {
      if (!readPaths.includes(identity.pathOnVolume)) readPaths.push(identity.pathOnVolume)
      return rows.find((row) => row.identity.key === identity.key) ?? null
    },
  }
  const summary = () =>
    calls.map((call) => (call.on === 'onVolumes' ? call.on : `${call.on} ${call.args[0].relativePath}`))

  return {
    listener,
    known,
    calls,
    rows,
    /** How many files were told of in each step that was taken together. */
    steps,
    /** Files whose identity was asked for, which takes reading them. */
    readPaths,
    summary,
    failOn: (name: keyof Told) => failing.add(name),
    succeedOn: (name: keyof Told) => failing.delete(name),
    forget: () => calls.splice(0),
    settled: (name: string): SettledFile[] =>
      calls.flatMap((call) => (call.on === 'onSettled' && call.args[0].relativePath === name ? [call.args[0]] : [])),
    volumes: (): readonly Volume[] => calls.findLast((call) => call.on === 'onVolumes')?.args[0] ?? [],
    /** What was told of one path, in order, without the repetitions of `onGrowing`. */
    toldOf: (name: string): string[] => {
      const names = calls.flatMap((call) =>
        call.on !== 'onVolumes' && call.args[0].relativePath === name ? [call.on] : [],
      )
      return names.filter((on, index) => on !== 'onGrowing' || names[index - 1] !== 'onGrowing')
    },
    /** Resolves as soon as the condition holds, which is tried at each call. */
    until: async (what: string, holds: () => boolean): Promise<void> => {
      const deadline = AbortSignal.timeout(deadlineMs)
      while (!holds()) {
        await new Promise<void>((resolve, reject) => {
          noticed.push(resolve)
          deadline.onabort = () =>
            reject(new Error(`waited in vain until ${what}; told last: ${summary().slice(-50).join(', ')}`))
        })
      }
      deadline.onabort = null
    },
  }
}

export type Record = ReturnType<typeof createRecord>

export const watchFolder = (path: string, more: Partial<WatchFolder> = {}): WatchFolder => ({
  path,
  channel: 0,
  mode: 'on-close',
  include: [],
  exclude: [],
  order: 'oldest-first',
  bytesPerSecond: null,
  ...more,
})

/** The machine's clock; `speed` makes waiting shorter and leaves the time of day as it is. */
export const testClock = (speed = 1): CaptureClock => ({
  now: () => Date.now(),
  monotonicMs: () => performance.now() * speed,
  sleep: async (durationMs, { signal }) => {
    await sleep(durationMs / speed, undefined, { signal })
  },
})

/** Collects what is logged, one object a line. */
export function createLog() {
  const lines: { level: number; msg: string; [field: string]: unknown }[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}

export async function temporaryFolder() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'rushes-capture-')))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A folder of its own under watch, the first scan done. */
export async function watchedFolder(
  options: {
    prepare?: (path: string) => Promise<unknown>
    folder?: Partial<WatchFolder>
    speed?: number
    record?: Record
    path?: string
    settleMs?: number
  } = {},
) {
  const temporary = options.path === undefined ? await temporaryFolder() : null
  const path = options.path ?? temporary?.path ?? ''
  await options.prepare?.(path)
  const record = options.record ?? createRecord()
  const { log, lines } = createLog()
  const capture = startCapture({
    folders: [watchFolder(path, options.folder)],
    known: record.known,
    listener: record.listener,
    clock: testClock(options.speed),
    log,
    settleMs: options.settleMs ?? settleMs * (options.speed ?? 1),
  })
  await capture.rescan()
  return {
    path,
    at: (name: string) => join(path, name),
    record,
    capture,
    logged: lines,
    [Symbol.asyncDispose]: async () => {
      await capture.stop()
      await temporary?.[Symbol.asyncDispose]()
    },
  }
}
