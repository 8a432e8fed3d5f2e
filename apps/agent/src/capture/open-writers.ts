import { readdirSync, readlinkSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { CaptureClock } from './capture-port.ts'

export type WriterCandidate = { path: string; inode: bigint; device: bigint }

/** Asks which of some files a process has open for writing, and not more often than is cheap on this machine. */
export type WriterProbe = {
  /**
   * The paths of those that are being written; `later` when it was asked a moment ago: ask again after that many milliseconds. Files that processes of
   * other users write are seen by root only, and nothing is seen where there is no /proc: then rest alone must do.
   */
  probe(candidates: readonly WriterCandidate[]): Promise<ReadonlySet<string> | { laterMs: number }>
}

/** Of the time between two probes, at most this part is spent in one. */
const maxShare = 0.1
const maxPauseMs = 5_000

export function createWriterProbe(clock: Pick<CaptureClock, 'monotonicMs'>): WriterProbe {
  let notBefore = 0
  return {
    probe: async (candidates) => {
      const startedAt = clock.monotonicMs()
      if (startedAt < notBefore) return { laterMs: notBefore - startedAt }
      const found = await findWriters(candidates)
      const endedAt = clock.monotonicMs()
      notBefore = endedAt + Math.min(maxPauseMs, (endedAt - startedAt) / maxShare)
      return found
    },
  }
}

/** Goes through the open files of every process that may be looked at. */
async function findWriters(candidates: readonly WriterCandidate[]): Promise<ReadonlySet<string>> {
  const byName = Map.groupBy(candidates, ({ path }) => basename(path))
  const writing = new Set<string>()
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const { descriptor, sameName } of openedByName(pid, byName)) {
      for (const { path } of await writtenThrough(descriptor, sameName)) writing.add(path)
    }
    // The kernel answers from memory, ten times faster without a thread in between; only not all at once.
    await setImmediate()
  }
  return writing
}

function openedByName(pid: string, byName: Map<string, WriterCandidate[]>) {
  return namesIn(`/proc/${pid}/fd`).flatMap((number) => {
    const descriptor = { pid, number }
    const sameName = byName.get(basename(targetOf(descriptor)))
    return sameName === undefined ? [] : [{ descriptor, sameName }]
  })
}

type Descriptor = { pid: string; number: string }

/** A process in a container sees the file under another path, but with the same last name, inode and device. */
async function writtenThrough({ pid, number }: Descriptor, sameName: readonly WriterCandidate[]) {
  const open = await stat(`/proc/${pid}/fd/${number}`, { bigint: true }).catch(() => null)
  const same = sameName.filter(({ inode, device }) => inode === open?.ino && device === open.dev)
  if (same.length === 0) return []
  const info = await readFile(`/proc/${pid}/fdinfo/${number}`, 'utf8').catch(() => '')
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1]
  // The lowest two bits: 1 is write only, 2 read and write (open(2)).
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0 ? same : []
}

// Nothing here can be an error: processes end, descriptors close, and most belong to somebody else.

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
