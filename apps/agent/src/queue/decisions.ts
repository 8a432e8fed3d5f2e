import type { CancelledReason, ClearedReason, UploadEvent } from '@rushes/upload-core'
import { applyUploadEvent, findUpload } from './apply-upload-event.ts'
import { settleFileDigest } from './custody-claims.ts'
import type { Queue } from './open-queue.ts'
import { appendEvent } from './outbox.ts'
import { integer, integerOrNull, text } from './row.ts'
import type { StoredUpload } from './stored-upload.ts'

/** What a decision touched, as it was before: for the numbers of a result or a receipt. */
export type Touched = { ids: string[]; byteCount: number; wereUnderWay: number }

/**
 * Queues failed, cancelled and waiting uploads again with fresh tries: the named ones, or (null) all that failed or wait for a restart. Where
 * nothing reaches the destination for now, that is tried again at once too.
 */
export function retryUploads(queue: Queue, ids: readonly string[] | null): Touched {
  queue.tell({ kind: 'asked' })
  const chosen = ids ?? idsWhere(queue, "state = 'failed' OR (state = 'waiting' AND reason = 'awaitingRestart')")
  return applyToAll(queue, chosen, { kind: 'retried' })
}

/** As retry, but from the beginning: parts that arrived are forgotten and the file is taken as it is now. */
export function resetUploads(queue: Queue, ids: readonly string[] | null): Touched {
  queue.tell({ kind: 'asked' })
  const chosen = ids ?? idsWhere(queue, "state = 'failed' OR (state = 'waiting' AND reason = 'awaitingRestart')")
  return applyToAll(queue, chosen, { kind: 'reset' })
}

/** Takes uploads out of the queue; null: all that are not settled. Files are never touched. */
export function cancelUploads(queue: Queue, ids: readonly string[] | null, reason: CancelledReason): Touched {
  return applyToAll(queue, ids ?? idsWhere(queue, openStates), { kind: 'cancelled', reason })
}

/** Lets held uploads go. */
export function releaseHeld(queue: Queue, ids: readonly string[]): Touched {
  return applyToAll(queue, ids, { kind: 'released' })
}

/**
 * Offers a clip once more that was captured in a pause. Its create tells again when it was captured, so a destination whose pause still covers
 * that blocks it again. `reason`: why; it is kept with the clip and told.
 */
export function unblockUpload(queue: Queue, id: string, reason: string): Touched {
  return queue.transact(() => {
    const touched = applyToAll(queue, [id], { kind: 'unblocked' })
    const upload = touched.ids.length === 0 ? null : findUpload(queue, id)
    if (upload === null) return touched
    queue.sql('UPDATE uploads SET unblocked_reason = ?, unblocked_at = ? WHERE id = ?').run(reason, queue.now(), id)
    const message = `${upload.name} was captured in a pause and is offered once more: ${reason}`.slice(0, 500)
    appendEvent(queue, { kind: 'notice', code: 'unblocked', message })
    return touched
  })
}

/** What was cleared and has no later upload in the same project: taken back beside that one, the clip would arrive twice. */
const restorable = `FROM uploads u JOIN files f ON f.id = u.file_id LEFT JOIN upload_link l ON l.project_id = u.project_id
  WHERE u.state = 'cleared' AND u.reason IN ('projectChanged', 'clearedByOperator') AND NOT EXISTS (
    SELECT 1 FROM files o JOIN uploads n ON n.file_id = o.id AND n.seq > u.seq AND n.project_id = u.project_id
      WHERE o.path = f.path AND o.volume_id = f.volume_id)`

/** Takes back what was cleared from the queue, of the paired project alone: the named uploads, or (null) all of them. What was held is held again. */
export function restoreUploads(queue: Queue, ids: readonly string[] | null): Touched {
  const rows = queue.sql(`SELECT u.id ${restorable} AND l.one IS NOT NULL ORDER BY u.seq`).all()
  const chosen = ids === null ? null : new Set(ids)
  const found = rows.map((row) => text(row, 'id')).filter((id) => chosen?.has(id) ?? true)
  return applyToAll(queue, found, { kind: 'restored' })
}

/** What `restoreUploads` would take back, and how many clips stay cleared because they belong to other projects. */
export function countRestorable(queue: Queue): { count: number; byteCount: number; elsewhere: number } {
  const row = queue
    .sql(
      `SELECT count(*) FILTER (WHERE l.one IS NOT NULL) AS here, count(*) FILTER (WHERE l.one IS NULL) AS elsewhere,
          coalesce(sum(u.size_bytes) FILTER (WHERE l.one IS NOT NULL), 0) AS bytes ${restorable}`,
    )
    .get()
  if (row === undefined) return { count: 0, byteCount: 0, elsewhere: 0 }
  return { count: integer(row, 'here'), byteCount: integer(row, 'bytes'), elsewhere: integer(row, 'elsewhere') }
}

const openStates = "state IN ('growing', 'queued', 'registering', 'uploading', 'waiting', 'held')"

/** Clears whatever is not uploaded, whichever project it belongs to. Rows stay, as `cleared`. */
export function clearUploads(queue: Queue, reason: ClearedReason): Touched {
  return applyToAll(queue, idsWhere(queue, `${openStates} OR state = 'failed'`), { kind: 'cleared', reason })
}

/** Clears whatever is not uploaded and belongs to another project than this one; rows without a project are left alone. */
export function clearForeignUploads(queue: Queue, projectId: string | null): Touched {
  const rows = queue
    .sql(
      `SELECT id FROM uploads WHERE project_id IS NOT NULL AND project_id IS NOT ? AND (${openStates} OR state = 'failed') ORDER BY seq`,
    )
    .all(projectId)
  return applyToAll(
    queue,
    rows.map((row) => text(row, 'id')),
    { kind: 'cleared', reason: 'projectChanged' },
  )
}

/** Gives files that were captured while the device had no project to the one it has now, held until somebody releases them. */
export function adoptOrphans(queue: Queue, projectId: string): void {
  queue.transact(() => {
    const ids = idsWhere(queue, 'project_id IS NULL')
    // Should the file of one that was cleared be there again, or a person take it back, it is held as the others are.
    queue
      .sql(
        "UPDATE uploads SET held_for = 'capturedBeforePairing' WHERE project_id IS NULL AND state = 'cleared' AND held_for IS NULL",
      )
      .run()
    queue.sql('UPDATE uploads SET project_id = ? WHERE project_id IS NULL').run(projectId)
    applyToAll(queue, ids, { kind: 'heldBack', reason: 'capturedBeforePairing' })
  })
}

/** Stops asking for the custody of clips in a project that the device has left; they stay `uploaded`, or `verified`. */
export function abandonForeignCustody(queue: Queue, projectId: string | null): void {
  const rows = queue.sql("SELECT id FROM uploads WHERE custody = 'owed' AND project_id IS NOT ?").all(projectId)
  applyToAll(
    queue,
    rows.map((row) => text(row, 'id')),
    { kind: 'custodyAbandoned' },
  )
  for (const row of rows) settleFileDigest(queue, text(row, 'id'))
}

/** Puts uploads before all others, those that were pinned first in front, or back in their place; the ids of those that this changed. */
export function pinUploads(queue: Queue, ids: readonly string[], pinned: boolean): string[] {
  return queue.transact(() => {
    const statement = pinned
      ? queue.sql('UPDATE uploads SET pinned_at = ? WHERE id = ? AND pinned_at IS NULL')
      : queue.sql('UPDATE uploads SET pinned_at = NULL WHERE ? IS NOT NULL AND id = ? AND pinned_at IS NOT NULL')
    return ids.filter((id) => statement.run(queue.now(), id).changes > 0)
  })
}

/** Puts the device's uploads on hold. What is being sent is finished; nothing new begins. False when they were already. */
export function holdUploads(queue: Queue, by: 'operator' | 'device'): boolean {
  return setHold(queue, true, by)
}

/** Ends the hold. False when there was none. */
export function endHold(queue: Queue, by: 'operator' | 'device'): boolean {
  return setHold(queue, false, by)
}

/** Since when and by whom uploads are on hold; null when they are not. */
export function readHold(queue: Queue): { since: number; by: 'operator' | 'device' } | null {
  const row = queue.sql('SELECT held_since, held_by FROM unit').get()
  const since = row === undefined ? null : integerOrNull(row, 'held_since')
  return row === undefined || since === null
    ? null
    : { since, by: text(row, 'held_by') === 'operator' ? 'operator' : 'device' }
}

function setHold(queue: Queue, held: boolean, by: 'operator' | 'device'): boolean {
  return queue.transact(() => {
    const { changes } = held
      ? queue.sql('UPDATE unit SET held_since = ?, held_by = ? WHERE held_since IS NULL').run(queue.now(), by)
      : queue.sql('UPDATE unit SET held_since = NULL, held_by = NULL WHERE held_since IS NOT NULL').run()
    if (changes === 0) return false
    appendEvent(queue, { kind: 'holdChanged', held, by })
    queue.tell({ kind: 'status' })
    queue.tell({ kind: 'work' })
    return true
  })
}

function idsWhere(queue: Queue, condition: string): string[] {
  return queue
    .sql(`SELECT id FROM uploads WHERE ${condition} ORDER BY seq`)
    .all()
    .map((row) => text(row, 'id'))
}

const underWay = new Set<StoredUpload['state']['kind']>(['registering', 'uploading'])

function applyToAll(queue: Queue, ids: readonly string[], event: UploadEvent): Touched {
  return queue.transact(() => {
    const touched: Touched = { ids: [], byteCount: 0, wereUnderWay: 0 }
    for (const id of ids) {
      const was = queue.sql('SELECT state FROM uploads WHERE id = ?').get(id)
      if (startsAgain(event) && !belongsToPairedProject(queue, id)) continue
      const applied = applyUploadEvent(queue, id, event, startsAgain(event) ? { error: null } : {})
      if (applied.kind !== 'moved') continue
      touched.ids.push(id)
      touched.byteCount += applied.upload.sizeBytes
      if (was !== undefined && [...underWay].some((state) => state === was.state)) touched.wereUnderWay++
    }
    return touched
  })
}

const startingAgain = new Set<UploadEvent['kind']>(['retried', 'reset', 'released', 'unblocked', 'restored'])
const startsAgain = (event: UploadEvent): boolean => startingAgain.has(event.kind)

/** An upload of another project is never queued again: nobody could claim it, and it would wait for ever without a reason. */
function belongsToPairedProject(queue: Queue, id: string): boolean {
  const row = queue
    .sql('SELECT 1 FROM uploads u JOIN upload_link l ON l.project_id = u.project_id WHERE u.id = ?')
    .get(id)
  return row !== undefined
}
