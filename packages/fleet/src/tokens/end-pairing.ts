import { devices, tokenFamilies } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { closeUnfinishedAssets } from '../assets/close-unfinished.ts'
import type { Clocked } from '../context.ts'

/**
 * Ends every token and the control-link secret of a device at once and closes its unfinished clips. The caller is in a
 * transaction, holds the device's row, and writes the audit row and the wake-up of whatever it is doing.
 */
export async function endPairing(
  { db, now }: Clocked,
  input: { deviceId: string; because: 'deauthorized' | 'forgotten'; detail: string },
): Promise<{ closedAssetIds: string[] }> {
  const { deviceId, because, detail } = input
  await db
    .update(devices)
    .set({ revokedAt: now, secretSha256: null, previousSecretSha256: null })
    .where(eq(devices.id, deviceId))
  await db
    .update(tokenFamilies)
    .set({ revokedAt: now, revokedBecause: because })
    .where(and(eq(tokenFamilies.deviceId, deviceId), isNull(tokenFamilies.revokedAt)))
  const { closedIds } = await closeUnfinishedAssets({ db, now }, { deviceId, because, detail })
  return { closedAssetIds: closedIds }
}
