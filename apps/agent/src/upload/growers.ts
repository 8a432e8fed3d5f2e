import { dueGrowths } from '../queue/growing-claims.ts'
import type { QueueNews } from '../queue/open-queue.ts'
import { checkSent } from './check-sent.ts'
import { type GrowOptions, growOnce } from './grow.ts'

/** A file that is compared as a whole for minutes must not keep the others from being cut. */
export const growerCount = 2

/** The workers of growing files: each upload is in the hands of one at a time. */
export type Growers = {
  /** Takes every growing upload that nobody else has as far as it goes. False: nothing more is to be done before there is news. */
  grow(): Promise<boolean>
  /** Compares the next file that was sent while it grew; false when there is none. */
  check(): Promise<boolean>
  hear(news: QueueNews): void
}

export function createGrowers(options: Omit<GrowOptions, 'sizes'>): Growers {
  const sizes = new Map<string, number>()
  const busy = new Set<string>()
  return {
    async grow() {
      const due = dueGrowths(options.queue)
      for (const uploadId of due) {
        if (busy.has(uploadId) || options.signal.aborted) continue
        busy.add(uploadId)
        try {
          await growOnce({ ...options, sizes }, uploadId)
        } finally {
          busy.delete(uploadId)
        }
      }
      for (const uploadId of sizes.keys()) if (!due.includes(uploadId) && sizes.size > maxSizes) sizes.delete(uploadId)
      return false
    },
    check: () => checkSent(options),
    hear(news) {
      if (news.kind === 'growth') sizes.set(news.uploadId, news.sizeBytes)
    },
  }
}

/** Sizes of uploads that are over are forgotten when there are this many. */
const maxSizes = 1_000
