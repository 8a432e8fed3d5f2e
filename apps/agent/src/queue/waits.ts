import { counted, type RetryLimits, type UploadError, type WaitingReason } from '@rushes/upload-core'
import { applyToUpload, applyUploadEvent } from './apply-upload-event.ts'
import type { Queue } from './open-queue.ts'
import { concludeForUpload } from './part-claims.ts'
import { integer, integerOrNull, text } from './row.ts'
import { recordPartError } from './stored-errors.ts'
import { readUpload, type StoredUpload, uploadColumns } from './stored-upload.ts'

/** Rows handled in one transaction by a sweep, so that a long queue does not hold the database for long. */
const pageSize = 500

/** Lets uploads go on whose waiting time is over, and uploads that gave up in an earlier boot have their last try. */
export function endWaits(queue: Queue): void {
  const rows = queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.state = 'waiting' AND u.not_before <= ? LIMIT ${pageSize}`,
    )
    .all(queue.now())
  for (const row of rows) applyUploadEvent(queue, text(row, 'id'), { kind: 'waitEnded' })
}

/** Lets uploads go on that waited for one of these causes, which has passed. */
export function endWaitsFor(queue: Queue, reasons: readonly WaitingReason[]): void {
  for (const reason of reasons) {
    for (;;) {
      const rows = queue
        .sql(`SELECT id FROM uploads WHERE state = 'waiting' AND reason = ? AND not_before IS NULL LIMIT ${pageSize}`)
        .all(reason)
      const moved = queue.transact(
        () =>
          rows
            .map((row) => applyUploadEvent(queue, text(row, 'id'), { kind: 'waitEnded' }))
            .filter(({ kind }) => kind === 'moved').length,
      )
      if (rows.length < pageSize || moved === 0) break
    }
  }
}

/** Uploads that wait for their file to be there again, a page of them after `afterSeq`. */
export function awaitingSource(queue: Queue, afterSeq: number, limit: number): StoredUpload[] {
  return queue
    .sql(
      `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id
        WHERE u.state = 'waiting' AND u.reason = 'sourceRemoved' AND u.seq > ? ORDER BY u.seq LIMIT ?`,
    )
    .all(afterSeq, limit)
    .map((row) => readUpload(row))
}

/**
 * The next instant at which something that waits for time alone may go on; null when nothing does. Growing files are looked at first:
 * from the other side it would be every clip that was ever uploaded.
 */
export function nextDueAt(queue: Queue): number | null {
  const row = queue
    .sql(
      `SELECT min(due) AS due FROM (
        SELECT min(not_before) AS due FROM uploads WHERE state = 'waiting'
        UNION ALL SELECT min(p.not_before) FROM uploads u JOIN parts p ON p.upload_id = u.id AND p.state = 'pending' AND p.is_held = 0 AND p.url <> '' WHERE u.state = 'uploading'
        UNION ALL SELECT min(g.not_before) FROM growths g CROSS JOIN uploads u ON u.id = g.upload_id AND u.state IN ('uploading', 'uploaded')
        UNION ALL SELECT min(coalesce(custody_not_before, 0)) FROM uploads WHERE custody = 'owed')`,
    )
    .get()
  return row === undefined ? null : integerOrNull(row, 'due')
}

/**
 * Takes back every claim of the process before this one: it is dead, since this one holds the lock of the state folder. Its attempts stay
 * counted, so that an item which kills the process comes to its end too. Then lets uploads that gave up in an earlier boot try once more.
 */
export function rescueClaims(
  queue: Queue,
  random: () => number,
  limits?: RetryLimits,
): { registrations: number; parts: number } {
  const registrations = rescueRegistrations(queue, random, limits, null)
  const parts = rescueParts(queue, random, limits, null)
  const exhausted = queue.sql("SELECT id FROM uploads WHERE state = 'waiting' AND reason = 'awaitingRestart'").all()
  queue.transact(() => {
    for (const row of exhausted) applyUploadEvent(queue, text(row, 'id'), { kind: 'booted', bootId: queue.bootId })
  })
  return { registrations, parts }
}

/** Takes back claims whose lease ran out in this process: a worker that hangs must not keep its row for ever. */
export function sweepLeases(
  queue: Queue,
  monotonicNowMs: number,
  random: () => number,
  limits?: RetryLimits,
): { registrations: number; parts: number } {
  return {
    registrations: rescueRegistrations(queue, random, limits, monotonicNowMs),
    parts: rescueParts(queue, random, limits, monotonicNowMs),
  }
}

function rescueRegistrations(
  queue: Queue,
  random: () => number,
  limits: RetryLimits | undefined,
  endedBefore: number | null,
): number {
  return queue.transact(() => {
    const rows = queue
      .sql(
        `SELECT ${uploadColumns} FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.state = 'registering' AND (? IS NULL OR u.lease_until <= ?)`,
      )
      .all(endedBefore, endedBefore)
    for (const row of rows) {
      const upload = readUpload(row)
      if (upload.state.kind !== 'registering') continue
      const consequence = afterLoss(queue, upload.state.registration.attempts, random, limits)
      const error = lost('REGISTRAR_LOST', 'the agent ended while it was registering')
      applyToUpload(queue, upload, { kind: 'claimLost', consequence }, { error })
    }
    return rows.length
  })
}

function rescueParts(
  queue: Queue,
  random: () => number,
  limits: RetryLimits | undefined,
  endedBefore: number | null,
): number {
  return queue.transact(() => {
    const rows = queue
      .sql("SELECT upload_id, number, attempts FROM parts WHERE state = 'sending' AND (? IS NULL OR lease_until <= ?)")
      .all(endedBefore, endedBefore)
    for (const row of rows) {
      const id = text(row, 'upload_id')
      const consequence = afterLoss(queue, integer(row, 'attempts'), random, limits)
      const notBefore = consequence.kind === 'tryAgain' ? consequence.at : null
      queue
        .sql(
          "UPDATE parts SET state = 'pending', not_before = ?, lease_token = NULL, lease_until = NULL WHERE upload_id = ? AND number = ? AND state = 'sending'",
        )
        .run(notBefore, id, integer(row, 'number'))
      const error = lost('SENDER_LOST', 'the agent ended while it was sending')
      recordPartError(queue, id, integer(row, 'number'), error)
      if (consequence.kind !== 'tryAgain' || consequence.deprioritised) concludeForUpload(queue, id, consequence, error)
    }
    if (rows.length > 0) queue.tell({ kind: 'work' })
    return rows.length
  })
}

const lost = (code: string, message: string): UploadError => ({ class: 'agent', code, message })

/** An attempt that ended with its process: mostly not the item's fault, so it is tried again at once until a whole job is used up. */
function afterLoss(queue: Queue, attempts: number, random: () => number, limits: RetryLimits | undefined) {
  const consequence = counted(0, {
    attempts,
    now: queue.now(),
    bootId: queue.bootId,
    random: random(),
    ...(limits === undefined ? {} : { limits }),
  })
  return consequence.kind === 'tryAgain' && !consequence.deprioritised
    ? { ...consequence, at: queue.now() }
    : consequence
}
