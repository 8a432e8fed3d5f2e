import { randomUUID } from 'node:crypto'
import { type LifecycleEvent, lifecycleEvent } from '@rushes/protocol'
import { isDiskFull } from './disk-reserve.ts'
import type { Queue } from './open-queue.ts'
import { integer, integerOrNull, type Row, text } from './row.ts'
import { readUpload, uploadColumns } from './stored-upload.ts'
import { uploadReportOf } from './upload-report.ts'

/** Past this many kept events the outbox is begun anew: the gateway then takes a snapshot, which holds the same facts. */
const maxKeptEvents = 20_000
/** So many uploads are known by heart to have an unwritten entry; of others it is looked up. About 1 MB. */
const maxKnownUnwritten = 10_000

type Body = LifecycleEvent['body']

/** Appends a fact that is not of one upload, in the transaction of the change that it tells of; after what that changed of uploads before. */
export function appendEvent(queue: Queue, body: Exclude<Body, { kind: 'uploadChanged' }>): void {
  queue.catchUp()
  insertEntry(queue, null, JSON.stringify(body))
}

function insertEntry(queue: Queue, uploadId: string | null, body: string): void {
  queue
    .sql('INSERT INTO outbox (upload_id, boot_id, at, body) VALUES (?, ?, ?, ?)')
    .run(uploadId, queue.bootId, queue.now(), body)
  queue.tell({ kind: 'event' })
}

/**
 * Notes, at the end of the transaction, that there is news of an upload. What is new is written when it is handed out: a report says all
 * that an older one said, so one entry stands for all changes until then.
 */
export function appendUploadChanged(queue: Queue, uploadId: string): void {
  if (queue.unwrittenUploads.has(uploadId)) queue.tell({ kind: 'event' })
  else queue.atCommit(`upload ${uploadId}`, () => noteUploadChanged(queue, uploadId))
}

function noteUploadChanged(queue: Queue, uploadId: string): void {
  // The first change since this process began tells its boot: the clock of the one before may have shown anything.
  const { changes } = queue
    .sql("UPDATE outbox SET at = ?, boot_id = ? WHERE upload_id = ? AND body = 'null'")
    .run(queue.now(), queue.bootId, uploadId)
  if (changes === 0) insertEntry(queue, uploadId, 'null')
  else queue.tell({ kind: 'event' })
  const known = queue.unwrittenUploads
  for (const oldest of known) {
    if (known.size < maxKnownUnwritten) break
    known.delete(oldest)
  }
  known.add(uploadId)
}

/**
 * Events after `afterSeq`, oldest first. Those of uploads that were not handed out before are written now, durably, from the uploads as they
 * are: from here on none of them ever changes. On a full disk those from the first one on that is not written are left out.
 */
export function readEvents(queue: Queue, afterSeq: number, limit: number): LifecycleEvent[] {
  const rows = queue
    .sql(
      `SELECT o.seq AS event_seq, o.upload_id, o.boot_id, o.at, o.body, ${uploadColumns}
        FROM outbox o LEFT JOIN uploads u ON o.body = 'null' AND u.id = o.upload_id LEFT JOIN files f ON f.id = u.file_id
        WHERE o.seq > ? ORDER BY o.seq LIMIT ?`,
    )
    .all(afterSeq, limit)
  const events = rows.map(readEvent)
  const unwritten = events.filter((_event, index) => rows[index]?.body === 'null')
  const [first] = unwritten
  if (first === undefined) return events
  try {
    queue.transact(() => writeEvents(queue, unwritten))
  } catch (error) {
    // They wait until there is room; the link, which says that the disk is full, must not end for it.
    if (!isDiskFull(error)) throw error
    return events.filter(({ seq }) => seq < first.seq)
  }
  return events
}

function readEvent(row: Row): LifecycleEvent {
  const isWritten = row.body !== 'null'
  const upload = isWritten ? null : readUpload(row)
  const body =
    upload === null ? JSON.parse(text(row, 'body')) : { kind: 'uploadChanged', upload: uploadReportOf(upload) }
  // Further changes left the entry as it was.
  const at = Math.max(integer(row, 'at'), upload?.updatedAt ?? 0)
  return lifecycleEvent.parse({
    seq: integer(row, 'event_seq'),
    bootId: text(row, 'boot_id'),
    at: new Date(at).toISOString(),
    body,
  })
}

function writeEvents(queue: Queue, events: readonly LifecycleEvent[]): void {
  for (const { seq, at, body } of events) {
    queue.sql('UPDATE outbox SET at = ?, body = ? WHERE seq = ?').run(Date.parse(at), JSON.stringify(body), seq)
    if (body.kind === 'uploadChanged') queue.unwrittenUploads.delete(body.upload.id)
  }
}

/** Forgets what the gateway has stored. */
export function forgetEvents(queue: Queue, upToSeq: number): void {
  // Of a state folder that was put back from a copy the gateway may have stored more than was handed out: the next change begins a new entry.
  for (const row of queue.sql("SELECT upload_id FROM outbox WHERE seq <= ? AND body = 'null'").all(upToSeq))
    queue.unwrittenUploads.delete(text(row, 'upload_id'))
  queue.sql('DELETE FROM outbox WHERE seq <= ?').run(upToSeq)
}

/** The newest number that was ever given; 0 for a new outbox. */
export function newestSeq(queue: Queue): number {
  const row = queue.sql("SELECT coalesce(max(seq), 0) AS seq FROM sqlite_sequence WHERE name = 'outbox'").get()
  return row === undefined ? 0 : integer(row, 'seq')
}

/**
 * The newest event that a snapshot includes when it is begun now. What is written is never news to it. What follows is written when it is handed
 * out, after the snapshot, and so never older than that.
 */
export function includedSeq(queue: Queue): number {
  const row = queue.sql("SELECT min(seq) AS seq FROM outbox WHERE body = 'null'").get()
  const first = row === undefined ? null : integerOrNull(row, 'seq')
  return first === null ? newestSeq(queue) : first - 1
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
    queue.unwrittenUploads.clear()
    queue.tell({ kind: 'identity' })
  })
  return true
}
