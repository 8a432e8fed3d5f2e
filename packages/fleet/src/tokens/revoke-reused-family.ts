import { tokenFamilies } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** A spent refresh token came again: ends every token of its pairing and writes it down. The caller holds the device's row. */
export async function revokeReusedFamily(
  { db, now }: Clocked,
  input: {
    familyId: string
    device: { id: string; name: string; projectId: string | null }
  },
): Promise<void> {
  const revoked = await db
    .update(tokenFamilies)
    .set({ revokedAt: now, revokedBecause: 'refreshTokenReused' })
    .where(and(eq(tokenFamilies.id, input.familyId), isNull(tokenFamilies.revokedAt)))
    .returning({ id: tokenFamilies.id })
  if (revoked.length === 0) return
  const { device } = input
  await recordAudit(
    { db, now, actor: { kind: 'device', id: device.id, name: device.name } },
    {
      action: 'device.revokeTokens',
      target: { kind: 'device', id: device.id, name: device.name },
      deviceId: device.id,
      projectId: device.projectId,
      reason: 'a refresh token was used again after its successor',
    },
  )
  await announceDeviceChange(db, { deviceIds: [device.id] })
}
