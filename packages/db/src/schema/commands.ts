import type { CommandBody, CommandResult } from '@rushes/protocol'
import { commandStates, executionStates } from '@rushes/protocol'
import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, jsonb, pgTable, real, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { devices } from './devices.ts'
import { instant } from './instant.ts'

/** What an operator asked for: one row, however many devices it goes to. */
export const commands = pgTable(
  'commands',
  {
    id: uuid('id').primaryKey(),
    state: text('state', { enum: commandStates }).notNull(),
    body: jsonb('body').$type<CommandBody>().notNull(),
    /** Digest of the frozen set of devices, for commands that were previewed. */
    targetsSha256: text('targets_sha256'),
    deviceCount: integer('device_count').notNull(),
    issuedBy: text('issued_by').notNull(),
    reason: text('reason'),
    createdAt: instant('created_at').notNull().defaultNow(),
    activatedAt: instant('activated_at'),
    expiresAt: instant('expires_at'),
    finalizedAt: instant('finalized_at'),
  },
  (t) => [
    index('commands_created').on(t.createdAt),
    check('commands_state', sql`${t.state} in ('draft', 'active', 'done', 'cancelled', 'aborted')`),
    check('commands_activated', sql`${t.state} in ('draft', 'cancelled') or ${t.activatedAt} is not null`),
    check('commands_finalized', sql`(${t.state} in ('done', 'cancelled', 'aborted')) = (${t.finalizedAt} is not null)`),
    check('commands_device_count', sql`${t.deviceCount} >= 1`),
  ],
)

/** A command on one device. States only move forward; the version fences every change. */
export const commandExecutions = pgTable(
  'command_executions',
  {
    id: uuid('id').primaryKey(),
    commandId: uuid('command_id')
      .notNull()
      .references(() => commands.id),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    state: text('state', { enum: executionStates }).notNull().default('queued'),
    version: integer('version').notNull().default(1),
    lane: text('lane', { enum: ['ordinary', 'destructive'] }).notNull(),
    /** Orders the executions of one device. */
    laneSeq: bigint('lane_seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    deliveryCount: integer('delivery_count').notNull().default(0),
    /** The connection it was last delivered on. */
    deliveredEpoch: bigint('delivered_epoch', { mode: 'number' }),
    step: text('step'),
    percent: real('percent'),
    result: jsonb('result').$type<CommandResult>(),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    queuedAt: instant('queued_at').notNull().defaultNow(),
    deliveredAt: instant('delivered_at'),
    acknowledgedAt: instant('acknowledged_at'),
    startedAt: instant('started_at'),
    expiresAt: instant('expires_at'),
    finalizedAt: instant('finalized_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('command_executions_once').on(t.commandId, t.deviceId),
    index('command_executions_open').on(t.deviceId, t.laneSeq).where(sql`${t.finalizedAt} is null`),
    index('command_executions_device').on(t.deviceId, t.queuedAt),
    check(
      'command_executions_state',
      sql`${t.state} in ('queued', 'delivered', 'acknowledged', 'running', 'succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded')`,
    ),
    check('command_executions_lane', sql`${t.lane} in ('ordinary', 'destructive')`),
    check(
      'command_executions_finalized',
      sql`(${t.state} in ('succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded')) = (${t.finalizedAt} is not null)`,
    ),
    check('command_executions_delivered', sql`${t.state} <> 'delivered' or ${t.deliveredAt} is not null`),
    check(
      'command_executions_acknowledged',
      sql`${t.state} not in ('acknowledged', 'running') or ${t.acknowledgedAt} is not null`,
    ),
    check('command_executions_running', sql`${t.state} <> 'running' or ${t.startedAt} is not null`),
    check('command_executions_result', sql`${t.state} <> 'succeeded' or ${t.result} is not null`),
    check('command_executions_error', sql`(${t.state} in ('failed', 'rejected')) = (${t.errorCode} is not null)`),
    check('command_executions_percent', sql`${t.percent} between 0 and 100`),
  ],
)
