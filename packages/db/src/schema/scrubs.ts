import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { assets } from './assets.ts'
import { instant } from './instant.ts'

/**
 * A reading of a stored clip that somebody asked for, that is under way, or that failed and comes again. What the readings found
 * stands with the clip.
 */
export const scrubs = pgTable(
  'scrubs',
  {
    assetId: uuid('asset_id')
      .primaryKey()
      .references(() => assets.id, { onDelete: 'cascade' }),
    /** When somebody asked for it, and their name; null where the timetable did. */
    askedAt: instant('asked_at'),
    askedBy: text('asked_by'),
    /** Who reads; nobody else does until it runs out. */
    leaseToken: uuid('lease_token'),
    leaseUntil: instant('lease_until'),
    /** When the reading under way, or the one it goes on with, began. */
    begunAt: instant('begun_at'),
    /** All parts below are read. */
    nextPart: integer('next_part').notNull().default(1),
    /** The first of those that differs. */
    firstDiffering: integer('first_differing'),
    /** Times in a row that reading failed, the words of the last one, and when to try again. */
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
    notBefore: instant('not_before'),
  },
  (t) => [
    index('scrubs_asked').on(t.askedAt).where(sql`${t.askedAt} is not null`),
    check('scrubs_asked', sql`(${t.askedAt} is null) = (${t.askedBy} is null)`),
    check('scrubs_lease', sql`(${t.leaseToken} is null) = (${t.leaseUntil} is null)`),
  ],
)
