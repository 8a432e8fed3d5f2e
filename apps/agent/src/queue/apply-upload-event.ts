import { randomUUID } from 'node:crypto'
import {
  type Lease,
  takeLease,
  transitionUpload,
  type UploadEffect,
  type UploadError,
  type UploadEvent,
  type UploadState,
} from '@rushes/upload-core'
import { type Assignment, createTexts, stateAssignments } from './assignments.ts'
import type { Queue } from './open-queue.ts'
import { appendUploadChanged } from './outbox.ts'
import { smallFileMaxBytes } from './small-file.ts'
import { errorAssignments, type StoredError } from './stored-errors.ts'
import { readUpload, type StoredUpload, stateColumns, uploadColumns } from './stored-upload.ts'

export type Applied =
  | { kind: 'moved'; upload: StoredUpload }
  | { kind: 'ignored'; why: 'staleLease' | 'notApplicable' }
  /** The row is not what it was when it was read: somebody else moved it. */
  | { kind: 'lostRace' }
  | { kind: 'unknownUpload' }

export function findUpload(queue: Queue, id: string): StoredUpload | null {
  const row = queue
    .sql(`SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.id = ?`)
    .get(id)
  return row === undefined ? null : readUpload(row)
}

/**
 * Lets an event happen to a stored upload: the machine decides, one statement guarded by the state and the lease that the decision was
 * made on writes it, effects on rows follow, and the change is put into the outbox, all in one transaction.
 */
export function applyUploadEvent(queue: Queue, id: string, event: UploadEvent, change: ChangeBeside = {}): Applied {
  return queue.transact(() => {
    const upload = findUpload(queue, id)
    return upload === null ? { kind: 'unknownUpload' } : applyToUpload(queue, upload, event, change)
  })
}

/**
 * What changes with the state: the last error to show (kept when absent), bytes of the part that was acknowledged, xxh64 of the whole file,
 * stored when that was its last part, and what its create says.
 */
export type ChangeBeside = {
  error?: UploadError | null
  acknowledgedBytes?: number
  fileXxh64?: string | null
  create?: { partsAsked: number; createName: string }
}

const guarded = 'WHERE id = ? AND state = ? AND lease_token IS ?'
const plainUpdate = createTexts((setting) => `UPDATE uploads SET ${setting} ${guarded}`)
const countingUpdate = createTexts(
  (setting) =>
    `UPDATE uploads SET bytes_acknowledged = bytes_acknowledged + ?, bytes_lost = max(0, bytes_lost - ?), ${setting} ${guarded}`,
)

/** As `applyUploadEvent`, for a row that was read in the same transaction. */
export function applyToUpload(
  queue: Queue,
  upload: StoredUpload,
  event: UploadEvent,
  change: ChangeBeside = {},
): Applied {
  const transition = transitionUpload(upload.state, event, { now: queue.now() })
  if (transition.kind === 'ignored') return transition
  return queue.transact(() => {
    const now = queue.now()
    const { acknowledgedBytes = 0, create } = change
    const digest =
      transition.state.kind === 'uploaded' && change.fileXxh64 != null ? { xxh64: change.fileXxh64, at: now } : null
    const keptError = change.error === undefined ? ('error' in event ? event.error : upload.error) : change.error
    const assignments: Assignment[] = stateAssignments(upload.state, transition.state)
    if (keptError !== upload.error) assignments.push(...errorAssignments(keptError, now))
    if (digest !== null) assignments.push(['file_xxh64', digest.xxh64], ['file_digested_at', digest.at])
    if (create !== undefined) assignments.push(['parts_asked', create.partsAsked], ['create_name', create.createName])
    assignments.push(['updated_at', now])
    const values = assignments.map(([, value]) => value)
    const guard = [upload.id, upload.state.kind, upload.leaseToken]
    const { changes } =
      acknowledgedBytes === 0
        ? queue.sql(plainUpdate(assignments)).run(...values, ...guard)
        : queue.sql(countingUpdate(assignments)).run(acknowledgedBytes, acknowledgedBytes, ...values, ...guard)
    if (changes === 0) return { kind: 'lostRace' }
    countOpened(queue, upload, transition.state)
    for (const effect of transition.effects) performEffect(queue, upload.id, effect)
    // Read again where more than what is known here may have changed.
    const isKnown = transition.effects.length === 0 && transition.state.kind !== 'failed'
    const next = isKnown
      ? changedUpload(
          { ...upload, ...create, digest: digest ?? upload.digest },
          transition.state,
          keptError,
          change,
          queue.now(),
        )
      : findUpload(queue, upload.id)
    if (next === null) return { kind: 'unknownUpload' }
    // Single parts are progress, which is reported apart; a fact is a new state or another reason.
    const isFact = event.kind !== 'partAcknowledged' || next.state.kind !== upload.state.kind
    if (isFact) appendUploadChanged(queue, next.id)
    // What was claimed is in good hands: nobody else has more to do because of it.
    if (event.kind !== 'claimed') queue.tell({ kind: isFact ? 'work' : 'progress' })
    return { kind: 'moved', upload: next }
  })
}

function countOpened({ counts: { open } }: Queue, upload: StoredUpload, { kind }: UploadState): void {
  if (open === null || (upload.state.kind === 'uploading') === (kind === 'uploading')) return
  const change = kind === 'uploading' ? 1 : -1
  open.all += change
  if (upload.sizeBytes > smallFileMaxBytes && !upload.isRealtime) open.large += change
}

/** As `applyUploadEvent`, for a row that a claim has kept as it was read. Where somebody has moved it all the same, it is read again. */
export function applyToKnown(
  queue: Queue,
  upload: StoredUpload,
  event: UploadEvent,
  change: ChangeBeside = {},
): Applied {
  return queue.transact(() => {
    const applied = applyToUpload(queue, upload, event, change)
    return applied.kind === 'lostRace' ? applyUploadEvent(queue, upload.id, event, change) : applied
  })
}

/** The upload as the statement of `applyToUpload` left it. */
function changedUpload(
  upload: StoredUpload,
  state: UploadState,
  error: UploadError | StoredError | null,
  { acknowledgedBytes = 0 }: ChangeBeside,
  now: number,
): StoredUpload {
  const { attempts, leaseToken } = stateColumns(state)
  return {
    ...upload,
    ...{ state, leaseToken, updatedAt: now },
    attempts: attempts ?? upload.attempts,
    bytesAcknowledged: upload.bytesAcknowledged + acknowledgedBytes,
    bytesLost: Math.max(0, upload.bytesLost - acknowledgedBytes),
    error: error === null ? null : { at: now, ...error },
  }
}

function performEffect(queue: Queue, uploadId: string, effect: UploadEffect): void {
  switch (effect) {
    case 'dropParts':
      queue.sql('DELETE FROM parts WHERE upload_id = ?').run(uploadId)
      queue
        .sql(
          'UPDATE uploads SET bytes_lost = bytes_lost + bytes_acknowledged, bytes_acknowledged = 0, file_xxh64 = NULL, file_digested_at = NULL, digest_attempts = 0, digest_not_before = NULL WHERE id = ?',
        )
        .run(uploadId)
      queue.sql('UPDATE growths SET probe = NULL, shift_bytes = 0, compared = 0 WHERE upload_id = ?').run(uploadId)
      return
    case 'abortSending':
      queue.tell({ kind: 'abort', uploadId })
      return
    case 'refreshPartTries':
      queue
        .sql("UPDATE parts SET attempts = 0, not_before = NULL WHERE upload_id = ? AND state = 'pending'")
        .run(uploadId)
      queue.sql('UPDATE growths SET attempts = 0, not_before = NULL WHERE upload_id = ?').run(uploadId)
      return
    case 'renewCreateKey':
      queue
        .sql('UPDATE uploads SET create_key = ?, create_name = NULL, parts_asked = NULL WHERE id = ?')
        .run(randomUUID(), uploadId)
      return
    case 'adoptSource':
      queue.sql('UPDATE uploads SET adopt_source = 1, version_of = NULL WHERE id = ?').run(uploadId)
      return
  }
}

/** A lease with the next fencing token; durable with the transaction that uses it. */
export function nextLease(queue: Queue): Lease {
  const token = ++queue.lastLeaseToken
  queue.atCommit('lease', () => queue.sql('UPDATE unit SET last_lease_token = ?').run(queue.lastLeaseToken))
  return takeLease(token, performance.now())
}
