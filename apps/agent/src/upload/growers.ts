import { extname } from 'node:path'
import { rewriteHabitOf } from '@rushes/upload-core'
import { type DueGrowth, dueGrowths, readGrowing } from '../queue/growing-claims.ts'
import type { Queue, QueueNews } from '../queue/open-queue.ts'
import { checkSent } from './check-sent.ts'
import { type GrowOptions, growOnce } from './grow.ts'

/** The workers of growing files: each upload is in the hands of one at a time. */
export type Growers = {
  /** Each to be called again and again, one call of it at a time; false when nothing more is to be done before there is news. */
  lanes: ReadonlyArray<() => Promise<boolean>>
  hear(news: QueueNews): void
}

/** To cut and to ask for addresses; to compare a complete file where that is soon done; to compare one of which very much has to be read. */
type Lane = 'cut' | 'compare' | 'compareLong'

/** As long as it takes to read this much, other files that are complete may be made to wait. */
const longBytes = 1_073_741_824

/** What takes minutes has a lane of its own: no recording waits for another one to be compared, and none that ends for a longer one. */
export function createGrowers(options: Omit<GrowOptions, 'sizes'>): Growers {
  const { queue, signal } = options
  const sizes = new Map<string, number>()
  const inHands = new Map<string, Lane>()
  /** Uploads that a lane would have taken on while another one had them. */
  const missed = new Set<string>()

  function nextFor(lane: Lane, done: ReadonlySet<string>): string | null {
    for (const due of dueGrowths(queue)) {
      if (done.has(due.uploadId) || laneOf(queue, due) !== lane) continue
      const holder = inHands.get(due.uploadId)
      if (holder === undefined) return due.uploadId
      if (holder !== lane) missed.add(due.uploadId)
    }
    return null
  }

  async function work(lane: Lane): Promise<boolean> {
    const done = new Set<string>()
    for (let uploadId = nextFor(lane, done); uploadId !== null && !signal.aborted; uploadId = nextFor(lane, done)) {
      done.add(uploadId)
      inHands.set(uploadId, lane)
      try {
        await growOnce({ ...options, sizes }, uploadId)
      } finally {
        inHands.delete(uploadId)
        if (missed.delete(uploadId)) queue.tell({ kind: 'work' })
      }
    }
    if (sizes.size > maxSizes) forgetAllBut(sizes, dueGrowths(queue))
    return false
  }

  const lanes: Lane[] = ['cut', 'cut', 'compare', 'compareLong']
  return {
    lanes: [...lanes.map((lane) => () => work(lane)), () => checkSent(options)],
    hear(news) {
      if (news.kind === 'growth') sizes.set(news.uploadId, news.sizeBytes)
    },
  }
}

function laneOf(queue: Queue, { uploadId, next }: DueGrowth): Lane {
  if (next === 'cut') return 'cut'
  const growing = readGrowing(queue, uploadId)
  if (growing === null || (growing.growth.completeBytes ?? 0) <= longBytes) return 'compare'
  // All of it is read where its format may be rewritten anywhere, or where its recorder puts heads before its files.
  const habit = rewriteHabitOf(extname(growing.upload.source.path).slice(1))
  return habit === 'everywhere' || !growing.growth.registersHead ? 'compareLong' : 'compare'
}

/** Sizes of uploads that are over are forgotten when there are this many. */
const maxSizes = 1_000

function forgetAllBut(sizes: Map<string, number>, due: readonly DueGrowth[]): void {
  const kept = new Set(due.map(({ uploadId }) => uploadId))
  for (const uploadId of sizes.keys()) if (!kept.has(uploadId)) sizes.delete(uploadId)
}
