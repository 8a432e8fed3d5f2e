import { devices, tokenFamilies } from '@rushes/db'
import { and, desc, eq, isNull } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { authenticateDeviceSecret } from './authenticate-device-secret.ts'
import { type IssuedTokens, issueTokenPair } from './issue-pair.ts'

export type GrantByDeviceSecretOutcome = { kind: 'granted'; tokens: IssuedTokens } | { kind: 'secretUnknown' }

/**
 * A new upload token pair for a device that lost its own but kept its control-link secret. It joins the newest family that
 * is still good, else begins a new one: a family that was revoked for a reused token does not cost a visit to the device.
 */
export async function grantByDeviceSecret(
  { db, now }: Clocked,
  input: { clientId: string; deviceSecret: string },
): Promise<GrantByDeviceSecretOutcome> {
  return db.transaction(async (tx) => {
    const authenticated = await authenticateDeviceSecret({ db: tx, now }, input)
    if (authenticated.kind === 'refused' || authenticated.device.clientId !== input.clientId)
      return { kind: 'secretUnknown' }
    const [device] = await tx
      .select({ id: devices.id, projectEpoch: devices.projectEpoch })
      .from(devices)
      .where(and(eq(devices.id, authenticated.device.id), isNull(devices.revokedAt)))
      .for('no key update')
    if (device === undefined) return { kind: 'secretUnknown' }

    const [family] = await tx
      .select({ id: tokenFamilies.id })
      .from(tokenFamilies)
      .where(and(eq(tokenFamilies.deviceId, device.id), isNull(tokenFamilies.revokedAt)))
      .orderBy(desc(tokenFamilies.createdAt))
      .limit(1)
    const familyId = family?.id ?? crypto.randomUUID()
    if (family === undefined)
      await tx.insert(tokenFamilies).values({ id: familyId, deviceId: device.id, createdAt: now })
    const tokens = await issueTokenPair(
      { db: tx, now },
      { familyId, parentId: null, projectEpoch: device.projectEpoch },
    )
    return { kind: 'granted', tokens }
  })
}
