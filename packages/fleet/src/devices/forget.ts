import { devices } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { endPairing } from '../tokens/end-pairing.ts'
import { announceDeviceChange } from './announce-change.ts'

export type ForgetDeviceOutcome =
  | { kind: 'forgotten'; closedAssetIds: string[] }
  | { kind: 'deviceUnknown' }
  /** It has no pairing any more. */
  | { kind: 'deviceRevoked' }

/**
 * Ends a device's pairing for it: tokens, control link and unfinished uploads stop at once, its clips and its history stay. It
 * has to be paired again before it can do anything.
 */
export async function forgetDevice(
  context: Acting,
  input: { deviceId: string; reason?: string | null },
): Promise<ForgetDeviceOutcome> {
  return context.db.transaction(async (tx): Promise<ForgetDeviceOutcome> => {
    const [device] = await tx
      .select({ id: devices.id, name: devices.name, projectId: devices.projectId, revokedAt: devices.revokedAt })
      .from(devices)
      .where(eq(devices.id, input.deviceId))
      .for('update')
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (device.revokedAt !== null) return { kind: 'deviceRevoked' }
    const { closedAssetIds } = await endPairing(
      { db: tx, now: context.now },
      { deviceId: device.id, because: 'forgotten', detail: 'The device was forgotten before the clip was whole' },
    )
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'device.forget',
        target: { kind: 'device', id: device.id, name: device.name },
        deviceId: device.id,
        projectId: device.projectId,
        reason: input.reason ?? null,
        after: { closedAssetCount: closedAssetIds.length },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [device.id] })
    return { kind: 'forgotten', closedAssetIds }
  })
}
