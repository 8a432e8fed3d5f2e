import { assets, type Database } from '@rushes/db'
import { and, isNotNull, isNull, min } from 'drizzle-orm'
import { canBeRead } from './can-be-read.ts'

/**
 * When that stored clip was last read whose reading is longest ago. A clip that was never read counts from when it was whole. Null
 * when there is none that could be read.
 */
export async function findOldestCheck({ db }: { db: Database }): Promise<Date | null> {
  const [[read], [unread]] = [
    await db
      .select({ at: min(assets.scrubbedAt) })
      .from(assets)
      .where(and(canBeRead(), isNotNull(assets.scrubbedAt))),
    await db
      .select({ at: min(assets.availableAt) })
      .from(assets)
      .where(and(canBeRead(), isNull(assets.scrubbedAt))),
  ]
  const times = [read?.at, unread?.at].flatMap((at) => at?.getTime() ?? [])
  return times.length === 0 ? null : new Date(Math.min(...times))
}
