import type { DeviceStatus, LifecycleEvent, UploadReport } from '@rushes/protocol'
import { uploadStates } from '@rushes/protocol'
import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { devices } from './devices.ts'
import { instant } from './instant.ts'

/** A running gateway process. Alive while its lease lies ahead. */
export const gateways = pgTable('gateways', {
  id: uuid('id').primaryKey(),
  startedAt: instant('started_at').notNull().defaultNow(),
  leaseUntil: instant('lease_until').notNull(),
  stoppedAt: instant('stopped_at'),
})

/**
 * Presence is a lease: a device is online iff its connection is open and that connection's gateway is alive.
 * The epoch is the fence: whoever changes a row compares it, so that a late close cannot end a newer connection.
 */
export const connections = pgTable(
  'connections',
  {
    epoch: bigint('epoch', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    gatewayId: uuid('gateway_id')
      .notNull()
      .references(() => gateways.id),
    openedAt: instant('opened_at').notNull().defaultNow(),
    closedAt: instant('closed_at'),
    closeReason: text('close_reason'),
    remoteAddress: text('remote_address'),
    agentVersion: text('agent_version'),
    bootId: text('boot_id'),
    hostname: text('hostname'),
    platform: text('platform'),
  },
  (t) => [
    uniqueIndex('connections_open').on(t.deviceId).where(sql`${t.closedAt} is null`),
    index('connections_device').on(t.deviceId, t.openedAt),
    index('connections_gateway_open').on(t.gatewayId).where(sql`${t.closedAt} is null`),
    check('connections_closed', sql`(${t.closedAt} is null) = (${t.closeReason} is null)`),
  ],
)

/** The newest summary of a device, by its own account. */
export const deviceReports = pgTable('device_reports', {
  deviceId: uuid('device_id')
    .primaryKey()
    .references(() => devices.id, { onDelete: 'cascade' }),
  status: jsonb('status').$type<DeviceStatus>().notNull(),
  outboxId: text('outbox_id').notNull(),
  /** The newest lifecycle event of that outbox that is stored. */
  lastSeq: bigint('last_seq', { mode: 'number' }).notNull().default(0),
  /** Device clock minus server clock at the last hello, in milliseconds. */
  clockOffsetMs: bigint('clock_offset_ms', { mode: 'number' }),
  receivedAt: instant('received_at').notNull().defaultNow(),
})

/** Every upload that a device has told of, as it last told it. Instants but `received_at` are the device's. */
export const deviceUploads = pgTable(
  'device_uploads',
  {
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    uploadId: text('upload_id').notNull(),
    path: text('path').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    capturedAt: instant('captured_at'),
    projectId: text('project_id'),
    state: text('state', { enum: uploadStates }).notNull(),
    reason: text('reason').$type<NonNullable<UploadReport['reason']>>(),
    partsDone: integer('parts_done').notNull(),
    partsTotal: integer('parts_total').notNull(),
    bytesAcknowledged: bigint('bytes_acknowledged', { mode: 'number' }).notNull(),
    /** How many of those have to be sent again. */
    bytesLost: bigint('bytes_lost', { mode: 'number' }).notNull().default(0),
    attempts: integer('attempts').notNull(),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    assetId: text('asset_id'),
    nextAttemptAt: instant('next_attempt_at'),
    updatedAt: instant('updated_at').notNull(),
    receivedAt: instant('received_at').notNull().defaultNow(),
    /** Set when a snapshot of the device did not name it any more; what it was before stays. */
    vanishedAt: instant('vanished_at'),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.uploadId] }),
    index('device_uploads_state').on(t.state, t.receivedAt),
    index('device_uploads_asset').on(t.assetId),
    check('device_uploads_error', sql`(${t.errorCode} is null) = (${t.errorMessage} is null)`),
  ],
)

/** Lifecycle events, each stored once however often it arrives. */
export const deviceEvents = pgTable(
  'device_events',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    outboxId: text('outbox_id').notNull(),
    seq: bigint('seq', { mode: 'number' }).notNull(),
    bootId: text('boot_id').notNull(),
    at: instant('at').notNull(),
    receivedAt: instant('received_at').notNull().defaultNow(),
    body: jsonb('body').$type<LifecycleEvent['body']>().notNull(),
  },
  (t) => [
    uniqueIndex('device_events_once').on(t.deviceId, t.outboxId, t.seq),
    index('device_events_device').on(t.deviceId, t.id),
  ],
)
