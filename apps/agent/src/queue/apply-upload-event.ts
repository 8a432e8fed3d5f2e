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
import type { Queue } from './open-queue.ts'
import { appendUploadChanged } from './outbox.ts'
import { errorValues, type StoredError } from './stored-errors.ts'
import { readUpload, type StoredUpload, stateColumns, uploadColumns } from './stored-upload.ts'
import { uploadReportOf } from './upload-report.ts'

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

/** What changes with the state: the last error to show (kept when absent), bytes of the part that was acknowledged. */
export type ChangeBeside = { error?: UploadError | null; acknowledgedBytes?: number }

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
    const columns = stateColumns(transition.state)
    const keptError = change.error === undefined ? ('error' in event ? event.error : upload.error) : change.error
    const changes = queue
      .sql(
        `UPDATE uploads SET state = ?, reason = ?, step = ?, attempts = coalesce(?, attempts), uncertain = ?, deprioritised = ?, recreations = ?,
            asset_id = ?, urls_issued_at = ?, parts_total = ?, parts_done = ?,
            bytes_acknowledged = bytes_acknowledged + ?, bytes_lost = max(0, bytes_lost - ?),
            not_before = ?, since_boot_id = ?, lease_token = ?, lease_until = ?, custody = ?, held_for = ?,
            error_class = ?, error_code = ?, error_message = ?, error_at = ?, updated_at = ?
          WHERE id = ? AND state = ? AND lease_token IS ?`,
      )
      .run(
        ...[
          columns.state,
          columns.reason,
          columns.step,
          columns.attempts,
          columns.uncertain,
          columns.deprioritised,
          columns.recreations,
        ],
        ...[
          columns.assetId,
          columns.urlsIssuedAt,
          columns.partsTotal,
          columns.partsDone,
          change.acknowledgedBytes ?? 0,
          change.acknowledgedBytes ?? 0,
        ],
        ...[
          columns.notBefore,
          columns.sinceBootId,
          columns.leaseToken,
          columns.leaseUntil,
          columns.custody,
          columns.heldFor,
        ],
        ...errorValues(keptError, queue.now()),
        queue.now(),
        ...[upload.id, upload.state.kind, upload.leaseToken],
      ).changes
    if (changes === 0) return { kind: 'lostRace' }
    for (const effect of transition.effects) performEffect(queue, upload.id, effect)
    // Read again where more than what is known here may have changed.
    const isKnown = transition.effects.length === 0 && transition.state.kind !== 'failed'
    const next = isKnown
      ? changedUpload(upload, transition.state, keptError, change, queue.now())
      : findUpload(queue, upload.id)
    if (next === null) return { kind: 'unknownUpload' }
    // Single parts are progress, which is reported apart; a fact is a new state or another reason.
    const isFact = event.kind !== 'partAcknowledged' || next.state.kind !== upload.state.kind
    if (isFact) appendUploadChanged(queue, uploadReportOf(next))
    // What was claimed is in good hands: nobody else has more to do because of it.
    if (event.kind !== 'claimed') queue.tell({ kind: isFact ? 'work' : 'progress' })
    return { kind: 'moved', upload: next }
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
