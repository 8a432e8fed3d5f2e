import { sql } from 'drizzle-orm'
import { check, pgTable, text, uuid } from 'drizzle-orm/pg-core'
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
    createdAt: instant('created_at').notNull().defaultNow(),
    archivedAt: instant('archived_at'),
  },
  (t) => [
    check('projects_name', sql`length(${t.name}) between 1 and 120`),
    check('projects_folder_by', sql`${t.folderBy} in ('capture', 'upload')`),
  ],
)
