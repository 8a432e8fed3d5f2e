import { sql } from 'drizzle-orm'
import { check, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

/**
 * The one object store that this database tells of, by the id that is written into the store as well: an empty folder where a
 * volume was not mounted is told from the store that lost every byte.
 */
export const objectStores = pgTable('object_stores', {
  id: uuid('id').primaryKey(),
  firstUsedAt: instant('first_used_at').notNull().defaultNow(),
})

/** What an operator should do something about and no device can tell of. A row is there while the condition lasts. */
export const conditions = pgTable(
  'conditions',
  {
    code: text('code', { enum: ['storeLow', 'storeFull', 'storeUnusable'] }).notNull(),
    /** The program that found it, for people: host and port. */
    reporter: text('reporter').notNull(),
    /** In words, with figures. */
    detail: text('detail').notNull(),
    since: instant('since').notNull(),
    /** When it was last found to be so. */
    seenAt: instant('seen_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.code, t.reporter] }),
    check('conditions_code', sql`${t.code} in ('storeLow', 'storeFull', 'storeUnusable')`),
  ],
)
