import { sql } from 'drizzle-orm'
import { check, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { deviceModels, devices } from './devices.ts'
import { instant } from './instant.ts'
import { projects } from './projects.ts'

/** A device that asks to be let in (RFC 8628). `expired` is read off the clock, not stored. */
export const pairingRequests = pgTable(
  'pairing_requests',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    state: text('state', { enum: ['pending', 'approved', 'denied', 'redeemed'] })
      .notNull()
      .default('pending'),
    deviceCodeSha256: text('device_code_sha256').notNull().unique(),
    userCode: text('user_code').notNull(),
    modelId: uuid('model_id')
      .notNull()
      .references(() => deviceModels.id),
    clientId: text('client_id').notNull(),
    deviceName: text('device_name').notNull(),
    uploadTo: text('upload_to'),
    firmwareVersion: text('firmware_version'),
    remoteAddress: text('remote_address'),
    intervalSeconds: integer('interval_seconds').notNull(),
    lastPolledAt: instant('last_polled_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    projectId: uuid('project_id').references(() => projects.id),
    deviceId: uuid('device_id').references(() => devices.id),
    decidedBy: text('decided_by'),
    decidedAt: instant('decided_at'),
  },
  (t) => [
    index('pairing_requests_user_code').on(t.userCode),
    uniqueIndex('pairing_requests_open_code').on(t.userCode).where(sql`${t.state} = 'pending'`),
    check('pairing_requests_state', sql`${t.state} in ('pending', 'approved', 'denied', 'redeemed')`),
    check('pairing_requests_decided', sql`(${t.state} = 'pending') = (${t.decidedAt} is null)`),
    check('pairing_requests_device', sql`(${t.state} in ('approved', 'redeemed')) = (${t.deviceId} is not null)`),
    check(
      'pairing_requests_project',
      sql`${t.state} not in ('approved', 'redeemed') or (${t.projectId} is null) = (${t.uploadTo} is not null)`,
    ),
  ],
)

/** Wrong pairing codes, by who typed them and from where; old rows are swept. */
export const pairingFailures = pgTable(
  'pairing_failures',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** `person:<id>` or `address:<ip>`. */
    subject: text('subject').notNull(),
    failedAt: instant('failed_at').notNull().defaultNow(),
  },
  (t) => [index('pairing_failures_subject').on(t.subject, t.failedAt)],
)

/** All tokens that descend from one pairing. Reuse of a spent refresh token revokes the family. */
export const tokenFamilies = pgTable(
  'token_families',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull().defaultNow(),
    revokedAt: instant('revoked_at'),
    revokedBecause: text('revoked_because', {
      enum: ['deauthorized', 'refreshTokenReused', 'pairedAgain', 'forgotten'],
    }),
  },
  (t) => [
    index('token_families_device').on(t.deviceId),
    check('token_families_revoked', sql`(${t.revokedAt} is null) = (${t.revokedBecause} is null)`),
    check(
      'token_families_reason',
      sql`${t.revokedBecause} in ('deauthorized', 'refreshTokenReused', 'pairedAgain', 'forgotten')`,
    ),
  ],
)

/**
 * Access and refresh token, issued together, kept as hashes. A pair that was refreshed stays good until one of the pairs
 * issued from it is first used; only then are it and the unused siblings superseded. So a lost reply costs nothing.
 */
export const tokenPairs = pgTable(
  'token_pairs',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    familyId: uuid('family_id')
      .notNull()
      .references(() => tokenFamilies.id, { onDelete: 'cascade' }),
    /** The pair that this one was issued from; null for the first of a family. */
    parentId: uuid('parent_id'),
    projectEpoch: integer('project_epoch').notNull(),
    accessSha256: text('access_sha256').notNull().unique(),
    accessExpiresAt: instant('access_expires_at').notNull(),
    /** Set when the device is moved: the access token ends, the refresh token stays good. */
    accessEndedAt: instant('access_ended_at'),
    refreshSha256: text('refresh_sha256').notNull().unique(),
    refreshExpiresAt: instant('refresh_expires_at').notNull(),
    issuedAt: instant('issued_at').notNull().defaultNow(),
    firstUsedAt: instant('first_used_at'),
    supersededAt: instant('superseded_at'),
  },
  (t) => [index('token_pairs_family').on(t.familyId), index('token_pairs_parent').on(t.parentId)],
)
