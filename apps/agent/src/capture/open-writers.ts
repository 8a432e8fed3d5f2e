import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { errorCode } from '../agent-error.ts'
import type { CaptureClock } from './capture-port.ts'

export type WriterCandidate = { path: string; inode: bigint; device: bigint }

/** Asks which of some files a process has open for writing, and not more often than is cheap on this machine. */
export type WriterProbe = {
  /**
   * The paths of those that are being written; `later` when it was asked a moment ago: ask again after that many milliseconds. Nothing is seen where
   * there is no /proc, nor of writers on other machines: then rest alone must do.
   */
  probe(candidates: readonly WriterCandidate[]): Promise<ReadonlySet<string> | { laterMs: number }>
  /** Whether the last probe met processes whose files it may not see (another user's, without CAP_SYS_PTRACE): each of them may be a writer. */
  isBlind(): boolean
  /**
   * Whether a file is open where the last probe found it to be; costs so little that it can be asked many times a second. `closed` is told
   * once, and says nothing of others who may have it open: that takes a probe. `unknown`: no probe has found it.
   */
  look(path: string): 'open' | 'closed' | 'unknown'
}

/** Of the time between two probes, at most this part of a processor is spent in one. */
const maxShare = 0.1
const maxPauseMs = 5_000
/** Files whose writers are remembered; those of more are found again by the next probe. */
const maxRemembered = 1_000

/** Processor time of this thread; how long a probe waits for a turn on a busy machine is no cost of it. */
const threadCpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

export function createWriterProbe(clock: Pick<CaptureClock, 'monotonicMs'>, cpuMs = threadCpuMs): WriterProbe {
  let notBefore = 0
  let isBlind = false
  const remembered = new Map<string, OpenDescriptor[]>()
  return {
    probe: async (candidates) => {
      const startedAt = clock.monotonicMs()
      if (startedAt < notBefore) return { laterMs: notBefore - startedAt }
      const { writing, spentMs, hidden } = await findWriters(candidates, cpuMs)
      isBlind = hidden > 0
      notBefore = clock.monotonicMs() + Math.min(maxPauseMs, spentMs / maxShare)
      for (const { path } of candidates) remembered.delete(path)
      if (remembered.size + writing.size > maxRemembered) remembered.clear()
      for (const [path, descriptors] of writing) remembered.set(path, descriptors)
      return new Set(writing.keys())
    },
    isBlind: () => isBlind,
    look(path) {
      const descriptors = remembered.get(path)
      if (descriptors === undefined) return 'unknown'
      if (descriptors.some(isStillOpen)) return 'open'
      remembered.delete(path)
      return 'closed'
    },
  }
}

/** Goes through the open files of every process that may be looked at; `hidden`: how many may not. */
async function findWriters(candidates: readonly WriterCandidate[], cpuMs: () => number) {
  const byName = Map.groupBy(candidates, ({ path }) => basename(path))
  const writing = new Map<string, OpenDescriptor[]>()
  let spentMs = 0
  let hidden = 0
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    const begunMs = cpuMs()
    const opened = openedByName(pid, byName)
    spentMs += cpuMs() - begunMs
    if (opened === 'hidden') {
      // Some systems let nobody look at the first process, which starts the others and records nothing.
      if (pid !== '1') hidden++
      continue
    }
    for (const { descriptor, sameName } of opened) {
      for (const { path } of await writtenThrough(descriptor, sameName))
        writing.set(path, [...(writing.get(path) ?? []), descriptor])
    }
    // The kernel answers from memory, ten times faster without a thread in between; only not all at once.
    await setImmediate()
  }
  return { writing, spentMs, hidden }
}

type Opened = { descriptor: OpenDescriptor; sameName: WriterCandidate[] }

function openedByName(pid: string, byName: Map<string, WriterCandidate[]>): Opened[] | 'hidden' {
  const opened: Opened[] = []
  try {
    for (const number of orNothing(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = orNothing(() => readlinkSync(`/proc/${pid}/fd/${number}`), '')
      const sameName = byName.get(basename(target))
      if (sameName !== undefined) opened.push({ descriptor: { pid, number, target }, sameName })
    }
  } catch {
    return 'hidden'
  }
  return opened
}

/** What a process had open a moment ago may be gone, and the process with it; that it may not be looked at is thrown. */
function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read()
  } catch (error) {
    // Without any right not even the list is shown, with the right to read it alone no link of it.
    if (errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM') throw error
    return nothing
  }
}

type Descriptor = { pid: string; number: string }
/** `target`: the file's path as the process sees it, which changes when the file is renamed or deleted. */
type OpenDescriptor = Descriptor & { target: string }

/** A process in a container sees the file under another path, but with the same last name, inode and device. */
async function writtenThrough(descriptor: Descriptor, sameName: readonly WriterCandidate[]) {
  const open = await stat(`/proc/${descriptor.pid}/fd/${descriptor.number}`, { bigint: true }).catch(() => null)
  const same = sameName.filter(({ inode, device }) => inode === open?.ino && device === open.dev)
  return same.length > 0 && isForWriting(descriptor) ? same : []
}

/** The same number may be another file by now, or the same one for reading. */
const isStillOpen = (descriptor: OpenDescriptor): boolean =>
  targetOf(descriptor) === descriptor.target && isForWriting(descriptor)

// Nothing here can be an error: processes end, descriptors close, and most belong to somebody else.

/** The lowest two bits of the flags: 1 is write only, 2 read and write (open(2)). */
function isForWriting({ pid, number }: Descriptor): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${number}`, 'utf8'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0
  } catch {
    return false
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function targetOf({ pid, number }: Descriptor): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${number}`)
  } catch {
    return ''
  }
}
