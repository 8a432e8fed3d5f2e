import { type Consequence, type Lease, transitionPart, type UploadError } from '@rushes/upload-core'
import { applyToKnown, applyUploadEvent, nextLease } from './apply-upload-event.ts'
import { releaseHeld } from './growing-parts.ts'
import { markSent } from './growths.ts'
import { readUploadLink } from './links.ts'
import type { Queue } from './open-queue.ts'
import { integer, integerOrNull, type Row, text, textOrNull, word } from './row.ts'
import { isLarge, orderOfLargeByAge, orderOfUploads } from './schema-order-and-totals.ts'
import { smallFileMaxBytes } from './small-file.ts'
import { recordPartError, recordUploadError } from './stored-errors.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

export type PartClaim = {
  upload: StoredUpload
  assetId: string
  urlsIssuedAt: number
  number: number
  offset: number
  sizeBytes: number
  url: string
  /** What a growing file was when the part was claimed; null for a file of known size. */
  phase: 'open' | 'complete' | null
  /** Acknowledged before, with bytes that the recorder has rewritten since. */
  isResent: boolean
  /**
   * Whether the destination's word that it has the part is worth something: not if bytes of it may have left that are not those of the file
   * any more.
   */
  canBeAskedFor: boolean
  /** Sends begun, this one included. */
  attempts: number
  lease: Lease
}

/**
 * Claims the next part to send, of the paired project only; its attempt is counted here. Pinned uploads first, then small files, then by
 * age as their watch folder says; but every fourth part that is not of a pinned upload goes to the oldest large clip, so that it gets
 * home however many small files come. Null when none may move now.
 */
export function claimPart(queue: Queue): PartClaim | null {
  if (queue.diskFull) return null
  return queue.transact(() => {
    // While many small files go, most looks find that no more may be on their way: what waits for its turn is not even read.
    const room = roomOf(queue)
    if (!room.small && !room.large) return null
    const first = firstFor(queue, room)
    if (first === undefined) return null
    if (!room.large || integerOrNull(first, 'pinned_at') !== null) return takePart(queue, first)
    queue.partTurn = (queue.partTurn + 1) % turnsOfLarge
    if (queue.partTurn !== 0) return takePart(queue, first)
    return takePart(queue, queue.sql(firstLarge).get(queue.now()) ?? first)
  })
}

function firstFor(queue: Queue, room: { small: boolean; large: boolean }): Row | undefined {
  if (room.small) return queue.sql(room.large ? firstInOrder : firstSmallInOrder).get(queue.now())
  // Mostly there is no large one, which its own index tells at once.
  return queue.sql(firstLarge).get(queue.now()) && queue.sql(firstLargeInOrder).get(queue.now())
}

/** One part in so many is one of the oldest large clip. */
const turnsOfLarge = 4
const claimable = (
  index: string,
): string => `SELECT ${uploadColumns}, p.number, p.offset, p.size_bytes AS part_size_bytes, p.url, p.attempts AS part_attempts,
    coalesce(p.issued_at, u.urls_issued_at) AS issued_at, p.is_resent, p.is_proven, g.phase
  FROM upload_link l JOIN unit d ON d.one = l.one AND d.held_since IS NULL
    JOIN uploads u INDEXED BY ${index} ON u.project_id = l.project_id AND u.state = 'uploading' JOIN files f ON f.id = u.file_id
    JOIN parts p INDEXED BY parts_pending ON p.upload_id = u.id AND p.state = 'pending' AND p.is_held = 0 AND p.url <> ''
      AND (p.not_before IS NULL OR p.not_before <= ?)
    LEFT JOIN growths g ON g.upload_id = u.id
  WHERE l.one = 1 AND l.fence = 'open' AND l.authorization = 'good'`
const firstInOrder = `${claimable('uploads_uploading')} ORDER BY ${orderOfUploads}, p.number LIMIT 1`
const firstSmallInOrder = `${claimable('uploads_uploading')} AND NOT (${isLarge}) ORDER BY ${orderOfUploads}, p.number LIMIT 1`
const firstLargeInOrder = `${claimable('uploads_uploading')} AND ${isLarge} ORDER BY ${orderOfUploads}, p.number LIMIT 1`
const firstLarge = `${claimable('uploads_uploading_large')} AND ${isLarge} ORDER BY ${orderOfLargeByAge}, p.number LIMIT 1`

/** Of which classes another part may be on its way. */
function roomOf(queue: Queue): { small: boolean; large: boolean } {
  const { small, large, all } = queue.partLimits
  queue.counts.sending ??= countSending(queue)
  const { sending } = queue.counts
  const isAny = sending.small + sending.large < all
  return { small: isAny && sending.small < small, large: isAny && sending.large < large }
}

/** How many parts are on their way, by class of their upload. */
export function countSending(queue: Queue): { small: number; large: number } {
  const row = queue
    .sql(
      `SELECT count(*) AS sending, count(*) FILTER (WHERE ${isLarge}) AS large
        FROM parts p INDEXED BY parts_sending JOIN uploads u ON u.id = p.upload_id WHERE p.state = 'sending'`,
    )
    .get()
  if (row === undefined) return { small: 0, large: 0 }
  const large = integer(row, 'large')
  return { small: integer(row, 'sending') - large, large }
}

/**
 * Claims the only part of a small file in the transaction that stored its address, for a sender that found nothing to do: it need not look for
 * it again. Null where it may not go now, where there is more of it, and where the file has moved since its upload was read; then it is found in its turn.
 */
export function claimOnlyPart(queue: Queue, upload: StoredUpload): PartClaim | null {
  const { state } = upload
  if (queue.diskFull || state.kind !== 'uploading' || state.asset.partsTotal !== 1) return null
  if (upload.isRealtime || upload.sizeBytes > smallFileMaxBytes) return null
  const link = readUploadLink(queue)
  if (link?.fence !== 'open' || link.authorization !== 'good' || link.project?.id !== upload.projectId) return null
  if (!roomOf(queue).small) return null
  const { fileId, path } = upload.source
  const row = queue.sql(onlyPart).get(state.asset.urlsIssuedAt, upload.id, queue.now(), fileId, path)
  return row === undefined ? null : takePart(queue, row, upload)
}

const onlyPart = `SELECT p.number, p.offset, p.size_bytes AS part_size_bytes, p.url, p.attempts AS part_attempts,
    coalesce(p.issued_at, ?) AS issued_at, p.is_resent, p.is_proven, NULL AS phase
  FROM unit d JOIN parts p ON p.upload_id = ? AND p.number = 1 AND p.state = 'pending' AND p.is_held = 0 AND p.url <> ''
    AND (p.not_before IS NULL OR p.not_before <= ?)
    JOIN files f ON f.id = ? AND f.path = ?
  WHERE d.held_since IS NULL`

function takePart(queue: Queue, row: Row, upload = readUpload(row)): PartClaim | null {
  if (upload.state.kind !== 'uploading') return null
  const number = integer(row, 'number')
  const isResent = integer(row, 'is_resent') === 1
  const wasProven = integer(row, 'is_proven') === 1
  const phase = textOrNull(row, 'phase') === null ? null : word(row, 'phase', ['open', 'complete'])
  const lease = nextLease(queue)
  const attempts = integer(row, 'part_attempts') + 1
  const { changes } = queue
    .sql(
      "UPDATE parts SET state = 'sending', attempts = ?, not_before = NULL, lease_token = ?, lease_until = ?, is_proven = ? WHERE upload_id = ? AND number = ? AND state = 'pending'",
    )
    // From a complete file nothing leaves but what is in it, since the sender looks at it before and after.
    .run(attempts, lease.token, Math.ceil(lease.until), phase === 'complete' ? 1 : 0, upload.id, number)
  if (changes === 0) return null
  countOnItsWay(queue, upload, 1)
  return {
    upload,
    assetId: upload.state.asset.assetId,
    urlsIssuedAt: integer(row, 'issued_at'),
    phase,
    isResent,
    canBeAskedFor: !isResent && (phase === null || (phase === 'complete' && (attempts === 1 || wasProven))),
    number,
    offset: integer(row, 'offset'),
    sizeBytes: integer(row, 'part_size_bytes'),
    url: text(row, 'url'),
    attempts,
    lease,
  }
}

/**
 * The destination has the part: stores that with its digest (with the last one also that of the whole file, where it is known), counts it for its upload, and claims the next part, all in one
 * transaction (one flush to disk per part). `stale`: the claim had been lost; nothing was stored.
 */
export function acknowledgePart(
  queue: Queue,
  claim: PartClaim,
  xxh64: string,
  claimNext: boolean,
  fileXxh64: string | null = null,
): { kind: 'acknowledged' | 'stale'; next: PartClaim | null } {
  return queue.transact(() => {
    const { changes } = queue
      .sql(
        `UPDATE parts SET state = 'acknowledged', xxh64 = ?, acknowledged_at = ?, not_before = NULL, lease_token = NULL, lease_until = NULL
          WHERE upload_id = ? AND number = ? AND state = 'sending' AND lease_token = ?`,
      )
      .run(xxh64, queue.now(), claim.upload.id, claim.number, claim.lease.token)
    if (changes > 0) {
      countOnItsWay(queue, claim.upload, -1)
      countAcknowledged(queue, claim, fileXxh64 ?? (isWholeFile(claim) ? xxh64 : null))
    }
    return { kind: changes > 0 ? 'acknowledged' : 'stale', next: claimNext ? claimPart(queue) : null }
  })
}

function countOnItsWay({ counts: { sending } }: Queue, { sizeBytes }: StoredUpload, change: 1 | -1): void {
  if (sending !== null) sending[sizeBytes > smallFileMaxBytes ? 'large' : 'small'] += change
}

const isWholeFile = ({ upload, offset, sizeBytes }: PartClaim): boolean =>
  offset === 0 && sizeBytes === upload.sizeBytes

/** What nobody but its sender moves: others count what they have acknowledged of the same upload. */
const isOnlyPart = ({ upload: { state }, phase }: PartClaim): boolean =>
  phase === null && state.kind === 'uploading' && state.asset.partsTotal === 1

function countAcknowledged(queue: Queue, claim: PartClaim, fileXxh64: string | null): void {
  const { upload, sizeBytes, phase, isResent } = claim
  // One that is sent again was counted when its first bytes arrived: what a person sees never goes back.
  if (!isResent) {
    const change = { acknowledgedBytes: sizeBytes, error: null, fileXxh64: phase === null ? fileXxh64 : null }
    const event = { kind: 'partAcknowledged' } as const
    const applied = isOnlyPart(claim)
      ? applyToKnown(queue, upload, event, change)
      : applyUploadEvent(queue, upload.id, event, change)
    if (applied.kind === 'moved' && applied.upload.state.kind === 'uploaded') {
      if (phase !== null) markSent(queue, upload.id)
      if (phase === null && readUploadLink(queue)?.isOurs === true)
        applyToKnown(queue, applied.upload, { kind: 'custodyOwed' })
      return
    }
  }
  if (phase === null) return
  releaseHeld(queue, upload.id)
  // Whoever compares the file may have waited for this part.
  queue.tell({ kind: 'work' })
}

/** The part could not be sent. What that means for its upload is decided from the same consequence, in the same transaction. */
export function recordPartFailure(
  queue: Queue,
  claim: PartClaim,
  consequence: Consequence,
  error: UploadError,
): 'recorded' | 'stale' {
  return queue.transact(() => {
    if (!movePart(queue, claim, consequence, error)) return 'stale'
    const id = claim.upload.id
    queue.tell({ kind: 'work' })
    queue.sql('UPDATE uploads SET attempts = max(attempts, ?) WHERE id = ?').run(claim.attempts, id)
    concludeForUpload(queue, id, consequence, error)
    return 'recorded'
  })
}

/** What a failure means for the upload itself. */
export function concludeForUpload(queue: Queue, id: string, consequence: Consequence, error: UploadError): void {
  queue.transact(() => {
    switch (consequence.kind) {
      case 'tryAgain':
        recordUploadError(queue, id, error)
        if (consequence.reason === 'sourceRemoved') applyUploadEvent(queue, id, { kind: 'sourceRemoved' })
        else stallIfNothingMoves(queue, id, consequence)
        break
      case 'awaitRestart':
        applyUploadEvent(queue, id, { kind: 'partsExhausted', bootId: consequence.bootId, error })
        break
      case 'startOver':
        applyUploadEvent(queue, id, { kind: 'assetLost', reason: consequence.reason, error })
        break
      case 'fail':
        applyUploadEvent(queue, id, { kind: 'failed', reason: consequence.reason, error })
        break
      case 'clear':
        applyUploadEvent(queue, id, { kind: 'cleared', reason: 'sourceDeleted' }, { error })
        break
      case 'block':
        // A pause is checked at creation only; a part cannot meet it. Treated as a refusal of the destination.
        applyUploadEvent(queue, id, { kind: 'failed', reason: 'rejectedByDestination', error })
        break
    }
  })
}

/**
 * The address of a part of a growing file is dead: gives the part back, to be sent to another one. Uncounted, unless `notBefore` says that the
 * address was dead from the start and when the next one may be tried.
 */
export function forgetAddress(queue: Queue, claim: PartClaim, notBefore: number | null, error: UploadError): void {
  queue.transact(() => {
    const { upload, number, lease } = claim
    const { changes } = queue
      .sql(
        `UPDATE parts SET state = 'pending', url = '', attempts = attempts - ?, not_before = ?, lease_token = NULL, lease_until = NULL
          WHERE upload_id = ? AND number = ? AND state = 'sending' AND lease_token = ?`,
      )
      .run(notBefore === null ? 1 : 0, notBefore, upload.id, number, lease.token)
    if (changes > 0) {
      recordPartError(queue, upload.id, number, error)
      recordUploadError(queue, upload.id, error)
    }
    queue.tell({ kind: 'work' })
  })
}

/** Gives a part back unsent: shutdown, abort, a closed gate; or (`error`) a file that is written to again. No attempt of the part. */
export function returnPart(queue: Queue, claim: PartClaim, error: UploadError | null = null): void {
  queue.transact(() => {
    const { upload, number, lease } = claim
    const { changes } = queue
      .sql(
        "UPDATE parts SET state = 'pending', attempts = attempts - 1, lease_token = NULL, lease_until = NULL WHERE upload_id = ? AND number = ? AND state = 'sending' AND lease_token = ?",
      )
      .run(upload.id, number, lease.token)
    if (changes > 0 && error !== null) recordPartError(queue, upload.id, number, error)
    queue.tell({ kind: 'work' })
  })
}

/** Keeps a claim alive while bytes move. False when it was lost. */
export function renewPart(queue: Queue, claim: PartClaim, until: number): boolean {
  const { changes } = queue
    .sql(
      "UPDATE parts SET lease_until = ? WHERE upload_id = ? AND number = ? AND state = 'sending' AND lease_token = ?",
    )
    .run(Math.ceil(until), claim.upload.id, claim.number, claim.lease.token)
  return changes > 0
}

function movePart(queue: Queue, claim: PartClaim, consequence: Consequence, error: UploadError): boolean {
  const { lease, attempts } = claim
  const transition = transitionPart(
    { kind: 'sending', attempts, lease },
    { kind: 'failed', token: lease.token, consequence },
    { now: queue.now() },
  )
  if (transition.kind !== 'moved' || transition.state.kind !== 'pending') return false
  const { changes } = queue
    .sql(
      `UPDATE parts SET state = 'pending', attempts = ?, not_before = ?, lease_token = NULL, lease_until = NULL
        WHERE upload_id = ? AND number = ? AND state = 'sending' AND lease_token = ?`,
    )
    .run(transition.state.attempts, transition.state.notBefore, claim.upload.id, claim.number, lease.token)
  if (changes > 0) recordPartError(queue, claim.upload.id, claim.number, error)
  return changes > 0
}

/**
 * An upload none of whose parts is on its way or may be claimed waits, with the reason and until the first of them may go. Where others can go on
 * but a whole job of one is used up, it goes behind everything that has not failed.
 */
function stallIfNothingMoves(
  queue: Queue,
  uploadId: string,
  consequence: Extract<Consequence, { kind: 'tryAgain' }>,
): void {
  const row = queue
    .sql(
      `SELECT count(*) FILTER (WHERE state = 'sending' OR (state = 'pending' AND is_held = 0 AND url <> '' AND (not_before IS NULL OR not_before <= ?))) AS moving,
          min(not_before) AS first
        FROM parts WHERE upload_id = ? AND state <> 'acknowledged'`,
    )
    .get(queue.now(), uploadId)
  if (row === undefined) return
  // A cause without a time of its end concerns the whole upload; a delay only the part, as long as another part can go on.
  if (consequence.at !== null && integer(row, 'moving') > 0) {
    if (consequence.deprioritised) applyUploadEvent(queue, uploadId, { kind: 'partsDeprioritised' })
    return
  }
  const until = consequence.at === null ? null : (integerOrNull(row, 'first') ?? consequence.at)
  applyUploadEvent(queue, uploadId, {
    kind: 'partsStalled',
    reason: consequence.reason,
    until,
    deprioritised: consequence.deprioritised,
  })
}
