import { type PurgeReceipt, purgeReceipt } from '@rushes/protocol'
import type { Moment } from '@rushes/upload-core'
import type { DestinationIdentity } from '../destination/port.ts'
import { momentNow, momentOfServer } from './capture-clock.ts'
import { abandonForeignCustody, adoptOrphans, clearForeignUploads, type Touched } from './decisions.ts'
import { readUploadLink } from './links.ts'
import type { Queue } from './open-queue.ts'
import { appendEvent } from './outbox.ts'
import { integer, text } from './row.ts'

export type IdentityOutcome =
  | { kind: 'unchanged' }
  /** The queue of the former project was cleared in the same transaction in which the new one was stored. */
  | { kind: 'moved'; cleared: Touched; receipt: PurgeReceipt; epoch: number }

/**
 * Takes in what the destination says about this device. If it names another project, everything of the former one is cleared, a receipt
 * is written and the project stored, in one transaction: there is no moment in which a row of one project could be claimed under the
 * other. The fence opens here when no receipt is asked for, else with `recordReceiptSent`. `idsDigest` hashes a text.
 */
export function takeIdentity(
  queue: Queue,
  identity: DestinationIdentity,
  idsDigest: (text: string) => string,
): IdentityOutcome {
  return queue.transact(() => {
    const link = readUploadLink(queue)
    if (link === null) return { kind: 'unchanged' }
    const { projectId: toProjectId } = identity
    const epoch = identity.fence?.projectEpoch ?? link.projectEpoch
    const wantsReceipt = identity.fence?.purgeReceiptRequired === true
    const fromProjectId = link.project?.id ?? null
    const cleared = clearForeignUploads(queue, toProjectId)
    abandonForeignCustody(queue, toProjectId)
    const isMove = (fromProjectId !== null && fromProjectId !== toProjectId) || cleared.ids.length > 0
    const paired = approvalOf(queue, identity, link.paired)
    // The first project of a pairing is the device's from the approval on, a later one from when it learned of it: also one that came
    // after a time without any, since what was captured in the project before that is none of it.
    const isFirst = fromProjectId === null && link.projectEpoch === 0
    const learned = isFirst ? paired : momentNow(queue)
    const since = toProjectId === null ? null : fromProjectId === toProjectId ? link.projectSince : learned
    const name = toProjectId === null ? null : (identity.projectName ?? toProjectId).slice(0, 255)
    queue
      .sql(
        `UPDATE upload_link SET project_id = ?, project_name = ?, project_since = ?, project_since_boot_id = ?, project_since_uptime_ms = ?,
          project_epoch = ?, paired_at = ?, paired_boot_id = ?, paired_uptime_ms = ?, fence = ?, sharing_paused = ?`,
      )
      .run(
        ...[toProjectId, name, since?.at ?? null, since?.inBoot?.bootId ?? null, since?.inBoot?.uptimeMs ?? null],
        ...[epoch, paired.at, paired.inBoot?.bootId ?? null, paired.inBoot?.uptimeMs ?? null],
        ...[wantsReceipt ? 'receiptPending' : 'open', identity.status === 'paused' ? 1 : 0],
      )
    if (toProjectId !== null) adoptOrphans(queue, toProjectId)
    queue.tell({ kind: 'status' })
    queue.tell({ kind: 'work' })
    if (!isMove && !wantsReceipt) return { kind: 'unchanged' }

    const receipt: PurgeReceipt = {
      fromProjectId,
      toProjectId,
      clearedCount: cleared.ids.length,
      clearedBytes: cleared.byteCount,
      abortedCount: cleared.wereUnderWay,
      idsXxh64: idsDigest(digestText(cleared.ids)),
      clearedAt: new Date(queue.now()).toISOString(),
    }
    if (wantsReceipt)
      queue
        // Asked for again it is the same one, with what was cleared then; one that names another project is of another server's count.
        .sql(
          `INSERT INTO purge_receipts (project_epoch, body) VALUES (?, ?)
            ON CONFLICT (project_epoch) DO UPDATE SET body = excluded.body, sent_at = NULL
              WHERE json_extract(body, '$.toProjectId') IS NOT json_extract(excluded.body, '$.toProjectId')`,
        )
        .run(epoch, JSON.stringify(receipt))
    if (!isMove) return { kind: 'unchanged' }
    appendEvent(queue, { kind: 'projectChanged', projectEpoch: epoch, receipt })
    return { kind: 'moved', cleared, receipt, epoch }
  })
}

/** Longest time between the approval of a code and the poll that learns of it. */
const approvalWindowMs = 180_000

/**
 * When the pairing was approved: what the server says of it where its time was heard in this boot and it lies shortly before this device
 * learned of it, else when this device learned of it. Whatever this device's clock shows.
 */
function approvalOf(queue: Queue, { fence }: DestinationIdentity, learned: Moment): Moment {
  const approved = fence === null ? null : momentOfServer(queue, Date.parse(fence.pairedAt))
  if (approved?.inBoot == null || approved.inBoot.bootId !== learned.inBoot?.bootId) return learned
  const waitedMs = learned.inBoot.uptimeMs - approved.inBoot.uptimeMs
  return waitedMs >= 0 && waitedMs <= approvalWindowMs ? approved : learned
}

/** Sorted ids, one a line: the text whose digest lets two sides compare what they mean. */
export const digestText = (ids: readonly string[]): string => [...ids].sort().join('\n')

/** The receipt that the open fence still waits for. */
export function pendingReceipt(queue: Queue): { epoch: number; receipt: PurgeReceipt } | null {
  const row = queue
    .sql(
      "SELECT r.project_epoch, r.body FROM purge_receipts r JOIN upload_link l ON l.project_epoch = r.project_epoch WHERE l.fence = 'receiptPending'",
    )
    .get()
  if (row === undefined) return null
  return { epoch: integer(row, 'project_epoch'), receipt: purgeReceipt.parse(JSON.parse(text(row, 'body'))) }
}

/** The destination has the receipt of this epoch: uploading may go on. */
export function recordReceiptSent(queue: Queue, epoch: number): void {
  queue.transact(() => {
    queue.sql('UPDATE purge_receipts SET sent_at = ? WHERE project_epoch = ?').run(queue.now(), epoch)
    queue.sql("UPDATE upload_link SET fence = 'open' WHERE fence = 'receiptPending' AND project_epoch = ?").run(epoch)
    queue.tell({ kind: 'status' })
    queue.tell({ kind: 'work' })
  })
}

/** The receipt of the newest move, whether it was taken yet or not. */
export function newestReceipt(queue: Queue, epoch: number): PurgeReceipt | null {
  const row = queue.sql('SELECT body FROM purge_receipts WHERE project_epoch = ?').get(epoch)
  return row === undefined ? null : purgeReceipt.parse(JSON.parse(text(row, 'body')))
}
