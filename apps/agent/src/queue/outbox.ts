import { randomUUID } from 'node:crypto'
import { type LifecycleEvent, lifecycleEvent, type UploadReport } from '@rushes/protocol'
import type { Queue } from './open-queue.ts'
import { integer, text } from './row.ts'

/** Past this many kept events the outbox is begun anew: the gateway then takes a snapshot, which holds the same facts. */
const maxKeptEvents = 20_000

/** Appends a fact, in the transaction of the change that it tells of. */
export function appendEvent(queue: Queue, body: LifecycleEvent['body']): void {
  queue.catchUp()
  insertEvent(queue, body)
}

function insertEvent(queue: Queue, body: LifecycleEvent['body']): void {
  const uploadId = body.kind === 'uploadChanged' ? body.upload.id : null
  queue
    .sql('INSERT INTO outbox (upload_id, boot_id, at, body) VALUES (?, ?, ?, ?)')
    .run(uploadId, queue.bootId, queue.now(), JSON.stringify(body))
  queue.tell({ kind: 'event' })
}

/**
 * Appends a change of an upload at the end of the transaction, so that several changes are one. One that was not handed out yet is overwritten in its place instead: the newer report says all that
 * the older one said, and the numbers stay without gaps.
 */
export function appendUploadChanged(queue: Queue, upload: UploadReport): void {
  queue.atCommit(`upload ${upload.id}`, () => storeUploadChanged(queue, upload))
}

function storeUploadChanged(queue: Queue, upload: UploadReport): void {
  const body = { kind: 'uploadChanged', upload } as const
  const changed = queue
    .sql(
      `UPDATE outbox SET body = ?, at = ?, boot_id = ?
        WHERE seq = (SELECT max(seq) FROM outbox WHERE upload_id = ?) AND seq > ?`,
    )
    .run(JSON.stringify(body), queue.now(), queue.bootId, upload.id, queue.outboxHandedOutSeq).changes
  if (changed === 0) insertEvent(queue, body)
  else queue.tell({ kind: 'event' })
}

/** Events after `afterSeq`, oldest first. From now on they are never changed. */
export function readEvents(queue: Queue, afterSeq: number, limit: number): LifecycleEvent[] {
  const rows = queue
    .sql('SELECT seq, boot_id, at, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?')
    .all(afterSeq, limit)
  const events = rows.map((row) =>
    lifecycleEvent.parse({
      seq: integer(row, 'seq'),
      bootId: text(row, 'boot_id'),
      at: new Date(integer(row, 'at')).toISOString(),
      body: JSON.parse(text(row, 'body')),
    }),
  )
  const newest = events.at(-1)
  if (newest !== undefined) queue.outboxHandedOutSeq = Math.max(queue.outboxHandedOutSeq, newest.seq)
  return events
}

/** Forgets what the gateway has stored. */
export function forgetEvents(queue: Queue, upToSeq: number): void {
  queue.sql('DELETE FROM outbox WHERE seq <= ?').run(upToSeq)
}

/**
 * The newest number that was ever given; 0 for a new outbox. Whoever tells it, tells that a snapshot includes all events up to it: from
 * now on they are never changed, or news that were written over one of them would pass for history.
 */
export function newestSeq(queue: Queue): number {
  const row = queue.sql("SELECT coalesce(max(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'outbox'").get()
  const newest = row === undefined ? 0 : integer(row, 'seq')
  queue.outboxHandedOutSeq = Math.max(queue.outboxHandedOutSeq, newest)
  return newest
}

/** Begins the outbox anew when too much is kept. What a snapshot does not tell is carried over. True when it did. */
export function boundOutbox(queue: Queue, limit: number = maxKeptEvents): boolean {
  const kept = queue.sql('SELECT count(*) AS kept FROM outbox').get()
  if (kept === undefined || integer(kept, 'kept') <= limit) return false
  queue.transact(() => {
    const others = queue
      .sql('SELECT boot_id, at, body FROM outbox WHERE upload_id IS NULL ORDER BY seq DESC LIMIT 1000')
      .all()
      .reverse()
    queue.sql('DELETE FROM outbox').run()
    queue.sql("DELETE FROM sqlite_sequence WHERE name = 'outbox'").run()
    queue.sql('UPDATE unit SET outbox_id = ?').run(randomUUID())
    for (const row of others) {
      queue
        .sql('INSERT INTO outbox (boot_id, at, body) VALUES (?, ?, ?)')
        .run(text(row, 'boot_id'), integer(row, 'at'), text(row, 'body'))
    }
    queue.outboxHandedOutSeq = 0
    queue.tell({ kind: 'identity' })
  })
  return true
}
