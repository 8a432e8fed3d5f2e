import { sql } from 'drizzle-orm'
import { check, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'

export const projects = pgTable(
  'projects',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull(),
    /** IANA name; the default for folders by day. */
    timezone: text('timezone').notNull().default('UTC'),
    /** Which day names the folder of a clip: the day of its capture or of its upload. */
    folderBy: text('folder_by', { enum: ['capture', 'upload'] })
      .notNull()
      .default('capture'),
    /** How long what was put into the trash can be restored. */
    trashDays: integer('trash_days').notNull().default(30),
    /** Clips go into the trash so long after they arrived; null: never by themselves. */
    clipDays: integer('clip_days'),
    createdAt: instant('created_at').notNull().defaultNow(),
    archivedAt: instant('archived_at'),
  },
  (t) => [
    check('projects_name', sql`length(${t.name}) between 1 and 120`),
    check('projects_folder_by', sql`${t.folderBy} in ('capture', 'upload')`),
    check('projects_trash_days', sql`${t.trashDays} between 1 and 3650`),
    check('projects_clip_days', sql`${t.clipDays} between 1 and 3650`),
  ],
)
