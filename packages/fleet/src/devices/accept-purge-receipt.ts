import { devices, purgeReceipts } from '@rushes/db'
import type { PurgeReceipt } from '@rushes/protocol'
import { eq, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'

export type AcceptPurgeReceiptOutcome =
  | { kind: 'accepted' }
  /** The same epoch again, after a lost reply; the first receipt stands. */
  | { kind: 'alreadyAccepted' }
  /** Only moves that have happened have receipts. */
  | { kind: 'epochAhead'; projectEpoch: number }
  /** It names another project than the one that the device is in: it has not read where it belongs. */
  | { kind: 'otherProject'; projectId: string | null }
  | { kind: 'deviceUnknown' }

/** Takes in what a device cleared when it moved to the project of an epoch; the fence of that epoch opens with it. */
export async function acceptPurgeReceipt(
  { db, now }: Clocked,
  input: { deviceId: string; projectEpoch: number; receipt: PurgeReceipt },
): Promise<AcceptPurgeReceiptOutcome> {
  const { receipt, projectEpoch } = input
  return db.transaction(async (tx) => {
    const [device] = await tx
      .select({ id: devices.id, name: devices.name, projectId: devices.projectId, projectEpoch: devices.projectEpoch })
      .from(devices)
      .where(eq(devices.id, input.deviceId))
      .for('no key update')
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (projectEpoch > device.projectEpoch) return { kind: 'epochAhead', projectEpoch: device.projectEpoch }
    if (projectEpoch === device.projectEpoch && receipt.toProjectId !== device.projectId)
      return { kind: 'otherProject', projectId: device.projectId }

    const stored = await tx
      .insert(purgeReceipts)
      .values({
        deviceId: device.id,
        projectEpoch,
        fromProjectId: receipt.fromProjectId,
        toProjectId: receipt.toProjectId,
        clearedCount: receipt.clearedCount,
        clearedBytes: receipt.clearedBytes,
        abortedCount: receipt.abortedCount,
        idsXxh64: receipt.idsXxh64,
        clearedAt: new Date(receipt.clearedAt),
        receivedAt: now,
      })
      .onConflictDoNothing()
      .returning({ projectEpoch: purgeReceipts.projectEpoch })
    if (stored.length === 0) return { kind: 'alreadyAccepted' }
    await tx
      .update(devices)
      .set({ purgeReceiptEpoch: sql`greatest(${devices.purgeReceiptEpoch}, ${projectEpoch}::integer)` })
      .where(eq(devices.id, device.id))
    await recordAudit(
      { db: tx, now, actor: { kind: 'device', id: device.id, name: device.name } },
      {
        action: 'device.purgeReceipt',
        target: { kind: 'device', id: device.id, name: device.name },
        deviceId: device.id,
        projectId: device.projectId,
        after: { projectEpoch, ...receipt },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [device.id] })
    return { kind: 'accepted' }
  })
}
