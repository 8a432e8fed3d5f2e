import { devices } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'

export type SetAuthorizationExpiryOutcome =
  | { kind: 'set'; expiresAt: Date | null }
  | { kind: 'deviceUnknown' }
  | { kind: 'deviceRevoked' }

/**
 * Says until when a device may act (null: for as long as its tokens live). From that instant on every token of it is refused;
 * pairing it again takes the date away.
 */
export async function setAuthorizationExpiry(
  context: Acting,
  input: { deviceId: string; expiresAt: Date | null; reason?: string | null },
): Promise<SetAuthorizationExpiryOutcome> {
  const { expiresAt } = input
  return context.db.transaction(async (tx): Promise<SetAuthorizationExpiryOutcome> => {
    const [device] = await tx
      .select({
        id: devices.id,
        name: devices.name,
        projectId: devices.projectId,
        revokedAt: devices.revokedAt,
        expiresAt: devices.authorizationExpiresAt,
      })
      .from(devices)
      .where(eq(devices.id, input.deviceId))
      .for('update')
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (device.revokedAt !== null) return { kind: 'deviceRevoked' }
    await tx.update(devices).set({ authorizationExpiresAt: expiresAt }).where(eq(devices.id, device.id))
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'device.setAuthorizationExpiry',
        target: { kind: 'device', id: device.id, name: device.name },
        deviceId: device.id,
        projectId: device.projectId,
        reason: input.reason ?? null,
        before: { expiresAt: device.expiresAt?.toISOString() ?? null },
        after: { expiresAt: expiresAt?.toISOString() ?? null },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [device.id] })
    return { kind: 'set', expiresAt }
  })
}
