import type { UploadRow } from '@rushes/fleet'
import { groupOf, type UploadGroup, uploadGroups } from '@rushes/upload-core'

/**
 * The queue as it is shown: the pages that the server gave, with what the stream has told since. A clip that the pages lack is
 * put in where it belongs, unless that lies beyond what has been loaded.
 */
export function mergeQueue(
  loaded: readonly UploadRow[],
  live: ReadonlyMap<string, UploadRow>,
  shown: { groups: readonly UploadGroup[] | null; search: string; hasMore: boolean },
): UploadRow[] {
  const merged = new Map(loaded.map((row) => [row.id, row]))
  const last = loaded.at(-1)
  for (const row of live.values()) {
    const known = merged.get(row.id)
    if (known !== undefined && known.receivedAt > row.receivedAt) continue
    const isBeyond = shown.hasMore && known === undefined && last !== undefined && compareInQueue(row, last) > 0
    if (!isBeyond) merged.set(row.id, row)
  }
  const needle = shown.search.toLowerCase()
  return [...merged.values()]
    .filter((row) => shown.groups === null || shown.groups.includes(groupOfRow(row)))
    .filter((row) => row.path.toLowerCase().includes(needle))
    .sort(compareInQueue)
}

/** The order of the server: by group; then the oldest capture first, of what is home or left out the newest. */
export function compareInQueue(a: UploadRow, b: UploadRow): number {
  const byGroup = rankOf(a) - rankOf(b)
  if (byGroup !== 0) return byGroup
  const byCapture = capturedMs(a) - capturedMs(b)
  if (byCapture !== 0) return isSettled(a) ? -byCapture : byCapture
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

const groupOfRow = (row: UploadRow) => groupOf(row.state, row.mismatchBecause !== null)
const rankOf = (row: UploadRow) => uploadGroups.indexOf(groupOfRow(row))
const capturedMs = (row: UploadRow) => Date.parse(row.capturedAt ?? row.receivedAt)
const isSettled = (row: UploadRow) => ['home', 'leftOut'].includes(groupOfRow(row))
