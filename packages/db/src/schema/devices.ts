import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { instant } from './instant.ts'
import { projects } from './projects.ts'

/** A model of device: all units share its client secret. Our own agent is a public model without one. */
export const deviceModels = pgTable(
  'device_models',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: text('name').notNull().unique(),
    clientSecretSha256: text('client_secret_sha256').unique(),
    isOurAgent: boolean('is_our_agent').notNull().default(false),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (t) => [check('device_models_secret', sql`${t.isOurAgent} = (${t.clientSecretSha256} is null)`)],
)

export const devices = pgTable(
  'devices',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => deviceModels.id),
    /** Names the unit; unique within its model. */
    clientId: text('client_id').notNull(),
    name: text('name').notNull(),
    /** IANA name; null: the project's. */
    timezone: text('timezone'),
    projectId: uuid('project_id').references(() => projects.id),
    /** Grows by one with each assignment; 0 before the first. Everything the device creates is bound to it. */
    projectEpoch: integer('project_epoch').notNull().default(0),
    /** The newest epoch for which the device has read `/v2/devices/me` with a token of that epoch. */
    meReadEpoch: integer('me_read_epoch').notNull().default(0),
    /** The newest epoch for which a purge receipt is in (our own agents). */
    purgeReceiptEpoch: integer('purge_receipt_epoch').notNull().default(0),
    /** Set where uploads go to another C2C server; the project is then the one that the destination names. */
    uploadTo: text('upload_to'),
    foreignProjectId: text('foreign_project_id'),
    foreignProjectName: text('foreign_project_name'),
    /** As sent in `x-client-version`. */
    firmwareVersion: text('firmware_version'),
    /** The control link's credential, hashed; the previous one stays good until the new one is first used. */
    secretSha256: text('secret_sha256').unique(),
    previousSecretSha256: text('previous_secret_sha256').unique(),
    pairedAt: instant('paired_at').notNull().defaultNow(),
    authorizationExpiresAt: instant('authorization_expires_at'),
    /** Any call on the upload link. */
    lastCallAt: instant('last_call_at'),
    revokedAt: instant('revoked_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** Moved by every change that a fleet row shows, so that a poll finds what a lost wake-up missed. */
    changedAt: instant('changed_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('devices_model_client').on(t.modelId, t.clientId),
    index('devices_project').on(t.projectId),
    check(
      'devices_epochs',
      sql`${t.meReadEpoch} <= ${t.projectEpoch} and ${t.purgeReceiptEpoch} <= ${t.projectEpoch} and ${t.projectEpoch} >= 0`,
    ),
    check('devices_project_epoch', sql`${t.projectId} is null or ${t.projectEpoch} > 0`),
    check('devices_foreign', sql`${t.uploadTo} is null or ${t.projectId} is null`),
    check('devices_name', sql`length(${t.name}) between 1 and 120`),
  ],
)

/** One row per move of a device; the epoch orders them. */
export const projectAssignments = pgTable(
  'project_assignments',
  {
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    projectEpoch: integer('project_epoch').notNull(),
    fromProjectId: uuid('from_project_id').references(() => projects.id),
    toProjectId: uuid('to_project_id').references(() => projects.id),
    assignedBy: text('assigned_by').notNull(),
    reason: text('reason'),
    assignedAt: instant('assigned_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.deviceId, t.projectEpoch] })],
)

/** What a device cleared when it moved, by its own account. */
export const purgeReceipts = pgTable(
  'purge_receipts',
  {
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    projectEpoch: integer('project_epoch').notNull(),
    fromProjectId: text('from_project_id'),
    toProjectId: text('to_project_id'),
    clearedCount: integer('cleared_count').notNull(),
    clearedBytes: bigint('cleared_bytes', { mode: 'number' }).notNull(),
    abortedCount: integer('aborted_count').notNull(),
    idsXxh64: text('ids_xxh64').notNull(),
    /** By the device's clock. */
    clearedAt: instant('cleared_at').notNull(),
    receivedAt: instant('received_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.projectEpoch] }),
    check(
      'purge_receipts_counts',
      sql`${t.clearedCount} >= ${t.abortedCount} and ${t.abortedCount} >= 0 and ${t.clearedBytes} >= 0`,
    ),
  ],
)

/** Pause sharing: what is captured inside a window never uploads. Open while `ended_at` is null. A null channel means all. */
export const pauseWindows = pgTable(
  'pause_windows',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    channel: integer('channel'),
    startedAt: instant('started_at').notNull(),
    startedBy: text('started_by').notNull(),
    reason: text('reason'),
    endedAt: instant('ended_at'),
    endedBy: text('ended_by'),
  },
  (t) => [
    index('pause_windows_device').on(t.deviceId, t.startedAt),
    uniqueIndex('pause_windows_open').on(t.deviceId, sql`coalesce(${t.channel}, -1)`).where(sql`${t.endedAt} is null`),
    check('pause_windows_order', sql`${t.endedAt} is null or ${t.endedAt} >= ${t.startedAt}`),
    check('pause_windows_ended', sql`(${t.endedAt} is null) = (${t.endedBy} is null)`),
  ],
)
