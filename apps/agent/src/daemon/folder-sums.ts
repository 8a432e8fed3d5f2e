import type { Volume } from '../capture/capture-port.ts'
import { isAtOrBelow } from '../capture/mount-table.ts'
import type { Queue } from '../queue/open-queue.ts'
import { type FolderTotal, folderTotals } from '../queue/queue-reports.ts'
import { type Sums, sumTotals } from './sum-totals.ts'

/** One watch folder on one volume: where cards are mounted at a folder, one card. `watchFolder` is null of files queued by hand. */
export type FolderSums = Sums & { watchFolder: string | null; volumeId: string; label: string | null }

/** A device that has seen more cards tells of those that still have something to send, then of the others, up to this many. */
const maxFolders = 50

/** What came of each folder and card, those first that are not home. Labels are known of volumes that a running agent sees. */
export function readFolderSums(queue: Queue, volumes: readonly Volume[]): FolderSums[] {
  const placed = folderTotals(queue).map((total) => ({
    ...total,
    volumeId: total.volumeId || volumeOf(total, volumes),
  }))
  const byPlace = Map.groupBy(placed, ({ watchFolder, volumeId }) => JSON.stringify([watchFolder, volumeId]))
  return [...byPlace.values()]
    .flatMap((totals) => sumsOf(totals, volumes) ?? [])
    .sort((one, other) => Number(other.bytes.waiting > 0) - Number(one.bytes.waiting > 0))
    .slice(0, maxFolders)
}

/** A file that is still being written was not asked for its volume yet: it lies on what is mounted at its folder. */
function volumeOf({ watchFolder }: FolderTotal, volumes: readonly Volume[]): string {
  const above = volumes.filter(({ present, path }) => present && watchFolder !== null && isAtOrBelow(watchFolder, path))
  return above.sort((one, other) => other.path.length - one.path.length)[0]?.id ?? ''
}

function sumsOf(totals: readonly FolderTotal[], volumes: readonly Volume[]): FolderSums | null {
  const [first] = totals
  if (first === undefined) return null
  const { watchFolder, volumeId } = first
  return {
    ...{ watchFolder, volumeId, label: volumes.find(({ id }) => id === volumeId)?.label ?? null },
    ...sumTotals(totals),
  }
}
