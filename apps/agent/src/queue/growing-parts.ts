import type { GrowingPart, GrowingRole } from '@rushes/upload-core'
import { applyUploadEvent } from './apply-upload-event.ts'
import type { Probe } from './growths.ts'
import type { Queue } from './open-queue.ts'
import { integer, integerOrNull, text, textOrNull, word } from './row.ts'

/** A part of a growing upload as it is planned or sent. */
export type GrowingRow = {
  number: number
  offset: number
  sizeBytes: number
  role: GrowingRole
  state: 'pending' | 'sending' | 'acknowledged'
  hasAddress: boolean
  isProven: boolean
  xxh64: string | null
}

export function growingRows(queue: Queue, uploadId: string): GrowingRow[] {
  return queue
    .sql('SELECT * FROM parts WHERE upload_id = ? ORDER BY number')
    .all(uploadId)
    .map((row) => ({
      number: integer(row, 'number'),
      offset: integer(row, 'offset'),
      sizeBytes: integer(row, 'size_bytes'),
      role: word(row, 'role', ['head', 'middle', 'final']),
      state: word(row, 'state', ['pending', 'sending', 'acknowledged']),
      hasAddress: text(row, 'url') !== '',
      isProven: integer(row, 'is_proven') === 1,
      xxh64: textOrNull(row, 'xxh64'),
    }))
}

/** Whether the upload is being sent to this very asset: what was found out meanwhile may be of one that is no more. */
export function isSentTo(queue: Queue, uploadId: string, assetId: string): boolean {
  const row = queue
    .sql("SELECT 1 FROM uploads WHERE id = ? AND state = 'uploading' AND asset_id = ?")
    .get(uploadId, assetId)
  return row !== undefined
}

/**
 * Stores what was cut off a file of this size, before an address is asked for. `probe`: of part 2, with the parts that it is
 * among. Nothing is stored when other parts were cut, or dropped, meanwhile.
 */
export function storeCut(
  queue: Queue,
  { uploadId, assetId }: { uploadId: string; assetId: string },
  cut: { parts: readonly GrowingPart[]; probe: Probe | null; sizeBytes: number },
): void {
  const { parts, probe, sizeBytes } = cut
  queue.transact(() => {
    const last = queue.sql('SELECT max(number) AS number FROM parts WHERE upload_id = ?').get(uploadId)
    const isNext = parts[0]?.number === ((last === undefined ? null : integerOrNull(last, 'number')) ?? 0) + 1
    if (!isNext || !isSentTo(queue, uploadId, assetId)) return
    const insert = queue.sql(
      "INSERT INTO parts (upload_id, number, offset, size_bytes, url, state, role, is_held) VALUES (?, ?, ?, ?, '', 'pending', ?, ?)",
    )
    for (const { number, offset, sizeBytes, role } of parts)
      insert.run(uploadId, number, offset, sizeBytes, role, role === 'middle' ? 0 : 1)
    if (probe !== null)
      queue
        .sql('UPDATE growths SET probe = ?, probe_at = ? WHERE upload_id = ?')
        .run(probe.hex, probe.atBytes, uploadId)
    queue.sql('UPDATE uploads SET size_bytes = max(size_bytes, ?) WHERE id = ?').run(sizeBytes, uploadId)
    tellTotal(queue, uploadId, parts.some(({ role }) => role === 'final') ? 0 : 1)
  })
}

/** Where the last part ends that is not the final one: so long the file must stay. 0 when nothing was cut. */
export function lastCutByte(queue: Queue, uploadId: string): number {
  const row = queue
    .sql("SELECT max(offset + size_bytes) AS end FROM parts WHERE upload_id = ? AND role <> 'final'")
    .get(uploadId)
  return (row === undefined ? null : integerOrNull(row, 'end')) ?? 0
}

/** A new head was put before the file: part 1 takes it in and needs another address, the others lie further on. */
export function storeShift(queue: Queue, uploadId: string, shiftBytes: number): void {
  queue.transact(() => {
    queue.sql('UPDATE growths SET shift_bytes = ? WHERE upload_id = ?').run(shiftBytes, uploadId)
    queue
      .sql("UPDATE parts SET size_bytes = size_bytes + ?, url = '' WHERE upload_id = ? AND number = 1")
      .run(shiftBytes, uploadId)
    queue.sql('UPDATE parts SET offset = offset + ? WHERE upload_id = ? AND number > 1').run(shiftBytes, uploadId)
  })
}

/** Of the parts that were compared, which are as they were sent, and which go again. */
export function storeComparison(
  queue: Queue,
  uploadId: string,
  { same, changed }: { same: readonly number[]; changed: readonly number[] },
): void {
  queue.transact(() => {
    const prove = queue.sql(
      "UPDATE parts SET is_proven = 1 WHERE upload_id = ? AND number = ? AND state = 'acknowledged'",
    )
    for (const number of same) prove.run(uploadId, number)
    const reopen = queue.sql(
      `UPDATE parts SET state = 'pending', url = '', attempts = 0, is_resent = 1, xxh64 = NULL, acknowledged_at = NULL
        WHERE upload_id = ? AND number = ? AND state = 'acknowledged'`,
    )
    for (const number of changed) reopen.run(uploadId, number)
  })
}

/** Nothing is left to compare before the final part. */
export function markCompared(queue: Queue, uploadId: string): void {
  queue.transact(() => {
    queue.sql("UPDATE growths SET compared = 1 WHERE upload_id = ? AND phase = 'complete'").run(uploadId)
    releaseHeld(queue, uploadId)
  })
}

/** Lets the head go when all others but the final part have arrived, and the final part when the head has too. */
export function releaseHeld(queue: Queue, uploadId: string): void {
  for (const role of ['head', 'final']) {
    const { changes } = queue
      .sql(
        `UPDATE parts SET is_held = 0 WHERE upload_id = ? AND role = ? AND is_held = 1
          AND EXISTS (SELECT 1 FROM growths g WHERE g.upload_id = parts.upload_id AND g.phase = 'complete' AND g.compared = 1)
          AND NOT EXISTS (SELECT 1 FROM parts o WHERE o.upload_id = parts.upload_id AND o.is_held = 0 AND o.state <> 'acknowledged')
          AND (role = 'head' OR NOT EXISTS (SELECT 1 FROM parts h WHERE h.upload_id = parts.upload_id AND h.role = 'head' AND h.is_held = 1))`,
      )
      .run(uploadId, role)
    if (changes > 0) queue.tell({ kind: 'work' })
  }
}

/** Parts with their end in the count: while the file is open one more than there are is to come. */
export function tellTotal(queue: Queue, uploadId: string, toCome: 0 | 1): void {
  const row = queue.sql('SELECT count(*) AS parts FROM parts WHERE upload_id = ?').get(uploadId)
  const partsTotal = (row === undefined ? 0 : integer(row, 'parts')) + toCome
  applyUploadEvent(queue, uploadId, { kind: 'partsCut', partsTotal })
}
