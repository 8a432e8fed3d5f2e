import { randomUUID } from 'node:crypto'
import type { Consequence, PartSpan, UploadError } from '@rushes/upload-core'
import { finalNameOf } from '../capture/temporary-name.ts'
import {
  type Applied,
  applyToKnown,
  applyToUpload,
  applyUploadEvent,
  type ChangeBeside,
  nextLease,
} from './apply-upload-event.ts'
import type { Queue } from './open-queue.ts'
import { claimOnlyPart, type PartClaim } from './part-claims.ts'
import { integer, integerOrNull, type Row, text } from './row.ts'
import {
  isLarge,
  isPinned,
  isSmallClass,
  orderByFolder,
  orderOfLargeByAge,
  orderOfUploads,
} from './schema-order-and-totals.ts'
import { smallFileMaxBytes } from './small-file.ts'
import { readUpload, type StoredSource, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** An asset that was made, with the address of each part. */
export type Created = { assetId: string; urlsIssuedAt: number; parts: Array<PartSpan & { url: string }> }

export type RegistrationClaim = { upload: StoredUpload; token: number }

/**
 * Claims the next file to register: of the paired project only, while its fence is open and nothing is on hold, as long as fewer than
 * `maxOpenAssets` uploads have addresses that grow old. Pinned ones first, then what is being recorded, then small files, then by age as
 * their watch folder says, but always the oldest large one too. The attempt is counted here, and what its create says is decided once for each key; `partsFor`: how many parts to ask for. Null when there is none.
 */
export function claimRegistration(
  queue: Queue,
  maxOpenAssets: number,
  partsFor: (sizeBytes: number) => number | null = () => null,
): RegistrationClaim | null {
  if (queue.diskFull) return null
  return queue.transact(() => {
    queue.counts.open ??= countOpen(queue)
    const { open } = queue.counts
    if (open.all >= maxOpenAssets) return null
    const first = nextToRegister(queue, open.large < maxOpenLarge(maxOpenAssets))
    if (first === undefined) return null
    const upload = readUpload(oldestLarge(queue, first, open.large) ?? first)
    const lease = nextLease(queue)
    const applied = applyToUpload(queue, upload, { kind: 'claimed', lease }, decideCreate(upload, partsFor))
    return applied.kind === 'moved' ? { upload: applied.upload, token: lease.token } : null
  })
}

/** Whatever is known of the link and the name by then, a create that is made again is made as it was: its key stands for all of it. */
function decideCreate(upload: StoredUpload, partsFor: (sizeBytes: number) => number | null): ChangeBeside {
  if (upload.partsAsked !== null && upload.createName !== null) return {}
  const partsAsked = upload.isRealtime ? 0 : (partsFor(upload.sizeBytes) ?? 0)
  const isNameless = upload.isRealtime && finalNameOf(upload.source.path) !== null
  return { create: { partsAsked, createName: isNameless ? '' : upload.name } }
}

/**
 * The destination will not have the count of parts that was asked for: from here on the create asks for none, under another key. Null when
 * the claim was lost.
 */
export function leavePartsToDestination(queue: Queue, claim: RegistrationClaim): RegistrationClaim | null {
  const createKey = randomUUID()
  const { changes } = queue
    .sql(
      "UPDATE uploads SET parts_asked = 0, create_key = ? WHERE id = ? AND state = 'registering' AND lease_token = ?",
    )
    .run(createKey, claim.upload.id, claim.token)
  return changes === 0 ? null : { ...claim, upload: { ...claim.upload, partsAsked: 0, createKey } }
}

/**
 * The clip whose newer version this was to be is gone from the destination: from here on the create makes a clip of its own, under another
 * key. Null when the claim was lost.
 */
export function leaveOlderVersion(queue: Queue, claim: RegistrationClaim): RegistrationClaim | null {
  const createKey = randomUUID()
  const { changes } = queue
    .sql(
      "UPDATE uploads SET version_of = NULL, create_key = ? WHERE id = ? AND state = 'registering' AND lease_token = ?",
    )
    .run(createKey, claim.upload.id, claim.token)
  return changes === 0 ? null : { ...claim, upload: { ...claim.upload, versionOf: null, createKey } }
}

/** Small files are done before their addresses grow old; large ones wait for each other, so few of them are enough. */
const maxOpenLarge = (maxOpenAssets: number): number => Math.max(4, Math.floor(maxOpenAssets / 8))

const claimable = (
  index: string,
): string => `SELECT ${uploadColumns} FROM upload_link l JOIN unit d ON d.one = l.one AND d.held_since IS NULL
    JOIN uploads u INDEXED BY ${index} ON u.project_id = l.project_id AND u.state = 'queued' JOIN files f ON f.id = u.file_id
  WHERE l.one = 1 AND l.fence = 'open' AND l.authorization = 'good'`
const firstInOrder = `${claimable('uploads_queued')} ORDER BY ${orderOfUploads} LIMIT 1`
const firstPinned = `${claimable('uploads_queued')} AND ${isPinned} ORDER BY ${orderOfUploads} LIMIT 1`
const firstSmall = `${claimable('uploads_queued')} AND ${isSmallClass} AND u.deprioritised = ? ORDER BY ${orderByFolder} LIMIT 1`
const firstLarge = `${claimable('uploads_queued_large')} AND ${isLarge} ORDER BY ${orderOfLargeByAge} LIMIT 1`

/** Open, or about to be, and before another one by age; of those that are open there are few. */
const isBefore = `u.project_id = ? AND ${isLarge} AND u.is_realtime = 0 AND (${orderOfLargeByAge}) < (?, ?, ?)`
const olderOpen = `SELECT 1 FROM uploads u INDEXED BY uploads_uploading_large WHERE u.state = 'uploading' AND ${isBefore}
  UNION ALL SELECT 1 FROM uploads u INDEXED BY uploads_registering WHERE u.state = 'registering' AND ${isBefore} LIMIT 1`

/** What is being recorded: all of it is to have an asset at once, so that it can go up while it grows. */
const anyRecording = `SELECT ${uploadColumns} FROM upload_link l JOIN unit d ON d.one = l.one AND d.held_since IS NULL
    CROSS JOIN growths g CROSS JOIN uploads u ON u.id = g.upload_id AND u.project_id = l.project_id AND u.state = 'queued'
    JOIN files f ON f.id = u.file_id
  WHERE l.one = 1 AND l.fence = 'open' AND l.authorization = 'good' LIMIT 1`

/** What waits for one of the places of large clips is passed over where they are taken: all but what is pinned, small or being recorded. */
function nextToRegister(queue: Queue, mayBeLarge: boolean): Row | undefined {
  const inOrder = queue.sql(mayBeLarge ? firstInOrder : firstPinned).get()
  if (inOrder !== undefined && integerOrNull(inOrder, 'pinned_at') !== null) return inOrder
  const recording = queue.counts.isRecordingQueued === false ? undefined : queue.sql(anyRecording).get()
  queue.counts.isRecordingQueued = recording !== undefined
  if (recording !== undefined || mayBeLarge) return recording ?? inOrder
  return queue.sql(firstSmall).get(0) ?? queue.sql(firstSmall).get(1)
}

/**
 * However many small or newer files come, the oldest large clip has an asset, so that every fourth part can be one of its own. A pinned file
 * and what is being recorded go before, and small ones while any large clip is open.
 */
function oldestLarge(queue: Queue, first: Row, openLarge: number): Row | undefined {
  if (integerOrNull(first, 'pinned_at') !== null || integer(first, 'is_realtime') === 1) return undefined
  if (openLarge > 0 && integer(first, 'size_bytes') <= smallFileMaxBytes) return undefined
  const oldest = queue.counts.isLargeQueued === false ? undefined : queue.sql(firstLarge).get()
  queue.counts.isLargeQueued = oldest !== undefined
  return oldest === undefined || hasOlderOpen(queue, oldest) ? undefined : oldest
}

function hasOlderOpen(queue: Queue, row: Row): boolean {
  const age = integerOrNull(row, 'captured_at') ?? integer(row, 'created_at')
  const place = [text(row, 'project_id'), integer(row, 'deprioritised'), age, integer(row, 'seq')]
  return queue.sql(olderOpen).get(...place, ...place) !== undefined
}

/** Uploads of the paired project that have addresses; what is being recorded takes no place of a large one. */
function countOpen(queue: Queue): { all: number; large: number } {
  const row = queue
    .sql(
      `SELECT count(*) AS open, count(*) FILTER (WHERE ${isLarge} AND u.is_realtime = 0) AS large
        FROM upload_link l JOIN uploads u INDEXED BY uploads_uploading ON u.project_id = l.project_id AND u.state = 'uploading' WHERE l.one = 1`,
    )
    .get()
  return row === undefined ? { all: 0, large: 0 } : { all: integer(row, 'open'), large: integer(row, 'large') }
}

/**
 * The asset exists: stores its id and the table of its parts in one transaction, so that neither is ever there without the other. Parts
 * that are there already belong to the same asset and get new addresses; the machine has dropped those of any other. `part`: that of a
 * small file, claimed for a sender where `claimPart` says that one waits.
 */
export function recordCreated(
  queue: Queue,
  claim: RegistrationClaim,
  created: Created,
  claimPart = false,
): { applied: Applied; part: PartClaim | null } {
  return queue.transact(() => {
    const { assetId, urlsIssuedAt, parts } = created
    // Of a growing file nothing is cut yet, and at least its end is to come.
    const partsTotal = Math.max(1, parts.length)
    const event = { kind: 'created', token: claim.token, assetId, urlsIssuedAt, partsTotal } as const
    const { upload } = claim
    // Parts of an asset whose addresses have expired may still arrive, and count on the row meanwhile.
    const isAlone = upload.state.kind === 'registering' && upload.state.registration.expired === null
    const applied = isAlone
      ? applyToKnown(queue, upload, event, { error: null })
      : applyUploadEvent(queue, upload.id, event, { error: null })
    if (applied.kind !== 'moved') return { applied, part: null }
    const insert = queue.sql(
      `INSERT INTO parts (upload_id, number, offset, size_bytes, url, state) VALUES (?, ?, ?, ?, ?, 'pending')
        ON CONFLICT (upload_id, number) DO UPDATE SET url = excluded.url`,
    )
    for (const part of parts) insert.run(claim.upload.id, part.number, part.offset, part.sizeBytes, part.url)
    return { applied, part: claimPart ? claimOnlyPart(queue, applied.upload) : null }
  })
}

/** The create failed; `uncertain` when the destination may have made the asset all the same. */
export function recordCreateFailure(
  queue: Queue,
  claim: RegistrationClaim,
  failure: { consequence: Consequence; uncertain: boolean; error: UploadError },
): Applied {
  return applyUploadEvent(queue, claim.upload.id, { kind: 'createFailed', token: claim.token, ...failure })
}

/** Nothing was tried after all, or an orderly shutdown cut it short: the attempt does not count. */
export function returnRegistration(queue: Queue, claim: RegistrationClaim, uncertain: boolean): Applied {
  return applyUploadEvent(queue, claim.upload.id, { kind: 'claimReturned', token: claim.token, uncertain })
}

/** What a file is now, as its queue row remembers it. */
export type SourceFacts = Pick<
  StoredSource,
  'volumeId' | 'inode' | 'inodeIsStable' | 'sizeBytes' | 'modifiedUs' | 'identityKey' | 'statKey'
>

/** Takes the file as it is now for an upload that was told to (retry after its source had changed). */
export function adoptSource(queue: Queue, upload: StoredUpload, source: SourceFacts): StoredUpload {
  queue.transact(() => {
    updateSource(queue, upload.source.fileId, source)
    queue
      .sql(
        "UPDATE uploads SET size_bytes = ?, bytes_lost = 0, adopt_source = 0 WHERE id = ? AND state IN ('registering', 'failed')",
      )
      .run(source.sizeBytes, upload.id)
  })
  return { ...upload, sizeBytes: source.sizeBytes, adoptSource: false, source: { ...upload.source, ...source } }
}

/** The file is the one that is known: if it changes from here on, a person has to say once more that it is wanted. */
export function needNotAdopt(queue: Queue, uploadId: string): void {
  queue.sql('UPDATE uploads SET adopt_source = 0 WHERE id = ?').run(uploadId)
}

/** Stores what a file is now. */
export function updateSource(queue: Queue, fileId: number, source: SourceFacts): void {
  queue
    .sql(
      'UPDATE files SET volume_id = ?, inode = ?, inode_is_stable = ?, size_bytes = ?, modified_us = ?, identity_key = ?, stat_key = ? WHERE id = ?',
    )
    .run(
      ...[source.volumeId, source.inode, source.inodeIsStable ? 1 : 0, source.sizeBytes, source.modifiedUs],
      ...[source.identityKey, source.statKey, fileId],
    )
}
