import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename } from 'node:path'
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
  const byName = new Map<string, WriterCandidate[]>()
  for (const candidate of candidates) {
    const name = basename(candidate.path)
    byName.set(name, [...(byName.get(name) ?? []), candidate])
  }
  const writing = new Set<string>()
  // Nothing here can be an error: processes end, descriptors close, and most belong to somebody else.
  const entries = await readdir('/proc').catch(() => [])
  for (const pid of entries.filter((entry) => /^\d+$/.test(entry))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const found = await Promise.all(descriptors.map((descriptor) => writtenPaths(pid, descriptor, byName)))
    for (const path of found.flat()) writing.add(path)
  }
  return writing
}

/** A process in a container sees another path, but the same last name, inode and device. */
async function writtenPaths(
  pid: string,
  descriptor: string,
  byName: Map<string, WriterCandidate[]>,
): Promise<string[]> {
  const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
  const sameName = byName.get(basename(target))
  if (sameName === undefined) return []
  const open = await stat(`/proc/${pid}/fd/${descriptor}`, { bigint: true }).catch(() => null)
  const same = sameName.filter((candidate) => candidate.inode === open?.ino && candidate.device === open.dev)
  if (same.length === 0) return []
  const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '')
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1]
  // The lowest two bits: 1 is write only, 2 read and write (open(2)).
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0 ? same.map(({ path }) => path) : []
}
