import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { devices } from './devices.ts'
import { instant } from './instant.ts'
import { projects } from './projects.ts'

/**
 * A clip at the destination. `created → assembling → available`, or `failed` (a hole, a wrong size), or `closed` (its device was
 * moved or forgotten before it was whole).
 */
export const assets = pgTable(
  'assets',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    deviceId: uuid('device_id')
      .notNull()
      .references(() => devices.id),
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id),
    projectEpoch: integer('project_epoch').notNull(),
    channel: integer('channel').notNull().default(0),
    name: text('name').notNull(),
    /** True while a real-time asset carries the name that the server made up. */
    nameIsDefault: boolean('name_is_default').notNull().default(false),
    filetype: text('filetype').notNull(),
    uploadKind: text('upload_kind', { enum: ['fixed', 'realtime'] }).notNull(),
    /** Null until a real-time upload says it. */
    filesizeBytes: bigint('filesize_bytes', { mode: 'number' }),
    /** Seconds, as the device sent it. */
    offsetSeconds: doublePrecision('offset_seconds').notNull().default(0),
    capturedAt: instant('captured_at').notNull(),
    /** Folder within the project, `/` between segments: `Cloud Devices/2026_11_22/VIDEO/A-Cam`. */
    folder: text('folder').notNull(),
    /** Where the object store keeps the bytes. */
    storeKey: text('store_key').notNull().unique(),
    state: text('state', { enum: ['created', 'assembling', 'available', 'failed', 'closed'] })
      .notNull()
      .default('created'),
    /** For `failed` and `closed`: a code, and words for the operator. */
    endedBecause: text('ended_because'),
    endedDetail: text('ended_detail'),
    /** When the final part arrived: the grace for stragglers runs from here. */
    finalPartAt: instant('final_part_at'),
    /** A place that a part was given is not where it will lie in the clip, or was taken back: no part is given one any more. */
    placesMoved: boolean('places_moved').notNull().default(false),
    custody: text('custody', { enum: ['no', 'pending', 'verified', 'mismatch', 'sizeChecked'] })
      .notNull()
      .default('no'),
    custodyAt: instant('custody_at'),
    firstMismatchNumber: integer('first_mismatch_number'),
    /**
     * For `mismatch`: the bytes were never those that the device sent; or they were sound once, and then were others, were
     * gone, or could not be read.
     */
    mismatchBecause: text('mismatch_because', { enum: ['sentOtherwise', 'changed', 'gone', 'unreadable'] }),
    /** Digest of the whole file that the device told. */
    fileXxh64: text('file_xxh64'),
    /** Digest of the whole stored file, computed here by reading it while every part was sound. */
    storedXxh64: text('stored_xxh64'),
    /** When the stored bytes were last read to their end and compared. */
    scrubbedAt: instant('scrubbed_at'),
    /** The clip that this one is a newer version of, by its device's word; of the same project. Both stay what they are. */
    versionOfId: uuid('version_of_id').references((): AnyPgColumn => assets.id, { onDelete: 'set null' }),
    relativePath: text('relative_path'),
    volumeId: text('volume_id'),
    idempotencyKey: text('idempotency_key'),
    /** Digest of the request that came with the key: the same key with another request is refused. */
    idempotencySha256: text('idempotency_sha256'),
    createdAt: instant('created_at').notNull().defaultNow(),
    availableAt: instant('available_at'),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex('assets_idempotency').on(t.deviceId, t.idempotencyKey).where(sql`${t.idempotencyKey} is not null`),
    index('assets_project').on(t.projectId, t.createdAt),
    index('assets_device').on(t.deviceId, t.createdAt),
    index('assets_unfinished').on(t.state).where(sql`${t.state} in ('created', 'assembling')`),
    index('assets_scrubbed')
      .on(t.scrubbedAt, t.id)
      .where(sql`${t.state} = 'available' and ${t.scrubbedAt} is not null`),
    index('assets_unread').on(t.availableAt, t.id).where(sql`${t.state} = 'available' and ${t.scrubbedAt} is null`),
    index('assets_mismatch').on(t.projectId, t.deviceId).where(sql`${t.custody} = 'mismatch'`),
    index('assets_version_of').on(t.versionOfId).where(sql`${t.versionOfId} is not null`),
    index('assets_custody_pending').on(t.custody).where(sql`${t.custody} = 'pending'`),
    check('assets_upload_kind', sql`${t.uploadKind} in ('fixed', 'realtime')`),
    check('assets_state', sql`${t.state} in ('created', 'assembling', 'available', 'failed', 'closed')`),
    check('assets_available', sql`(${t.state} = 'available') = (${t.availableAt} is not null)`),
    check('assets_ended', sql`(${t.state} in ('failed', 'closed')) = (${t.endedBecause} is not null)`),
    check('assets_filesize', sql`${t.filesizeBytes} between 0 and 5497558138880`),
    check(
      'assets_filesize_known',
      sql`${t.filesizeBytes} is not null or (${t.uploadKind} = 'realtime' and ${t.state} <> 'available')`,
    ),
    check('assets_custody', sql`${t.custody} in ('no', 'pending', 'verified', 'mismatch', 'sizeChecked')`),
    check('assets_verified', sql`${t.custody} not in ('verified', 'sizeChecked') or ${t.state} = 'available'`),
    check('assets_mismatch', sql`(${t.custody} = 'mismatch') = (${t.firstMismatchNumber} is not null)`),
    check(
      'assets_mismatch_because',
      sql`(${t.custody} = 'mismatch') = (${t.mismatchBecause} is not null) and ${t.mismatchBecause} in ('sentOtherwise', 'changed', 'gone', 'unreadable')`,
    ),
    check('assets_version_of_other', sql`${t.versionOfId} <> ${t.id}`),
    check('assets_idempotency_pair', sql`(${t.idempotencyKey} is null) = (${t.idempotencySha256} is null)`),
  ],
)

/** A registered part. Fixed assets have all of them from the start; real-time ones as the device asks for them. */
export const assetParts = pgTable(
  'asset_parts',
  {
    assetId: uuid('asset_id')
      .notNull()
      .references(() => assets.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /**
     * Its place in the file that gathers the parts, and once the clip is available in that. Null while it was given none, for
     * instance because a lower number may still be registered.
     */
    offsetBytes: bigint('offset_bytes', { mode: 'number' }),
    isFinal: boolean('is_final').notNull().default(false),
    /** Grows when the device asks for the number again; URLs of earlier generations are refused. */
    generation: integer('generation').notNull().default(1),
    /** When its bytes were durable. */
    acknowledgedAt: instant('acknowledged_at'),
    /** Folder store: the bytes that count lie in a file of their own, named after number and digest, not at their place. */
    liesApart: boolean('lies_apart').notNull().default(false),
    /** Digest of the bytes as they came in. */
    receivedXxh64: text('received_xxh64'),
    /** Digest that the device computed while sending. */
    deviceXxh64: text('device_xxh64'),
    /** Digest of the stored bytes, read back. */
    storedXxh64: text('stored_xxh64'),
  },
  (t) => [
    primaryKey({ columns: [t.assetId, t.number] }),
    uniqueIndex('asset_parts_one_final').on(t.assetId).where(sql`${t.isFinal}`),
    check('asset_parts_number', sql`${t.number} between 1 and 10000`),
    check('asset_parts_size', sql`${t.sizeBytes} between 0 and 5368709120`),
  ],
)
