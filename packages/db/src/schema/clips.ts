import { sql } from 'drizzle-orm'
import { boolean, check, doublePrecision, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { assets } from './assets.ts'
import { instant } from './instant.ts'
import { projects } from './projects.ts'

/**
 * Clips that were put into the trash. `trashed → restored` and back as often as people like, or `trashed → removing → removed`:
 * from `removing` on the bytes may be gone at any moment. The asset itself stays, with its digests, for devices and manifests.
 */
export const clipTrash = pgTable(
  'clip_trash',
  {
    assetId: uuid('asset_id')
      .primaryKey()
      .references(() => assets.id, { onDelete: 'cascade' }),
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id),
    state: text('state', { enum: ['trashed', 'restored', 'removing', 'removed'] }).notNull(),
    trashedAt: instant('trashed_at').notNull(),
    /** Who put it there; `system` is the age that the project sets. */
    trashedByKind: text('trashed_by_kind', { enum: ['person', 'commandLine', 'system'] }).notNull(),
    trashedBy: text('trashed_by').notNull(),
    reason: text('reason'),
    /** The age by which a project puts clips into the trash is counted anew from here. */
    restoredAt: instant('restored_at'),
    removingAt: instant('removing_at'),
    removedAt: instant('removed_at'),
    /** Tries of removing the bytes, and until when one that runs, or has failed, is left alone. */
    attempts: integer('attempts').notNull().default(0),
    notBefore: instant('not_before'),
    lastError: text('last_error'),
  },
  (t) => [
    index('clip_trash_project').on(t.projectId, t.trashedAt),
    index('clip_trash_due').on(t.trashedAt).where(sql`${t.state} = 'trashed'`),
    index('clip_trash_removing').on(t.notBefore).where(sql`${t.state} = 'removing'`),
    check('clip_trash_state', sql`${t.state} in ('trashed', 'restored', 'removing', 'removed')`),
    check('clip_trash_by', sql`${t.trashedByKind} in ('person', 'commandLine', 'system')`),
    check('clip_trash_restored', sql`(${t.state} = 'restored') = (${t.restoredAt} is not null)`),
    check('clip_trash_removing', sql`(${t.state} in ('removing', 'removed')) = (${t.removingAt} is not null)`),
    check('clip_trash_removed', sql`(${t.state} = 'removed') = (${t.removedAt} is not null)`),
  ],
)

/** What was read out of a stored clip: `waiting` until somebody has looked at it, or has given up. */
export const clipMedia = pgTable(
  'clip_media',
  {
    assetId: uuid('asset_id')
      .primaryKey()
      .references(() => assets.id, { onDelete: 'cascade' }),
    /** `none`: nothing that we can look into. `failed`: it was tried as often as it may be. */
    state: text('state', { enum: ['waiting', 'done', 'none', 'failed'] })
      .notNull()
      .default('waiting'),
    attempts: integer('attempts').notNull().default(0),
    notBefore: instant('not_before'),
    lastError: text('last_error'),
    durationSeconds: doublePrecision('duration_seconds'),
    videoCodec: text('video_codec'),
    /** As it is shown: rotated and with square pixels. */
    width: integer('width'),
    height: integer('height'),
    framesPerSecond: doublePrecision('frames_per_second'),
    audioCodec: text('audio_codec'),
    audioChannels: integer('audio_channels'),
    audioSampleRateHz: integer('audio_sample_rate_hz'),
    hasPoster: boolean('has_poster').notNull().default(false),
    endedAt: instant('ended_at'),
  },
  (t) => [
    index('clip_media_waiting').on(t.notBefore).where(sql`${t.state} = 'waiting'`),
    check('clip_media_state', sql`${t.state} in ('waiting', 'done', 'none', 'failed')`),
    check('clip_media_ended', sql`(${t.state} = 'waiting') = (${t.endedAt} is null)`),
    check('clip_media_poster', sql`not ${t.hasPoster} or ${t.state} = 'done'`),
    check('clip_media_picture', sql`${t.width} > 0 and ${t.height} > 0`),
    check('clip_media_duration', sql`${t.durationSeconds} >= 0`),
  ],
)
