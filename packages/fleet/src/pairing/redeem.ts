import { deviceModels, devices, pairingRequests, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq, isNotNull, isNull, ne } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { issueTokenPair } from '../tokens/issue-pair.ts'
import { newDeviceSecret, sha256Hex } from '../tokens/secrets.ts'
import type { PollPairingOutcome } from './poll.ts'

/**
 * Hands an approved device its credentials. The token family carries the id of the pairing request, so that a second poll
 * after a lost reply finds it and adds to it, until one of its pairs has been used. Earlier families end with the first.
 * Called within the transaction that holds the request's row.
 */
export async function redeemPairing(
  { db, now }: Clocked,
  input: { requestId: string; deviceId: string; isFirst: boolean },
): Promise<PollPairingOutcome> {
  const familyId = input.requestId
  const [device] = await db
    .select({ id: devices.id, projectEpoch: devices.projectEpoch, isOurAgent: deviceModels.isOurAgent })
    .from(devices)
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .where(and(eq(devices.id, input.deviceId), isNull(devices.revokedAt)))
    .for('no key update', { of: devices })
  if (device === undefined) return { kind: 'codeInvalid' }

  if (input.isFirst) {
    await db.insert(tokenFamilies).values({ id: familyId, deviceId: device.id, createdAt: now })
    await db
      .update(tokenFamilies)
      .set({ revokedAt: now, revokedBecause: 'pairedAgain' })
      .where(
        and(eq(tokenFamilies.deviceId, device.id), ne(tokenFamilies.id, familyId), isNull(tokenFamilies.revokedAt)),
      )
    await db.update(pairingRequests).set({ state: 'redeemed' }).where(eq(pairingRequests.id, input.requestId))
  } else {
    const [family] = await db
      .select({ revokedAt: tokenFamilies.revokedAt, usedPairId: tokenPairs.id })
      .from(tokenFamilies)
      .leftJoin(tokenPairs, and(eq(tokenPairs.familyId, tokenFamilies.id), isNotNull(tokenPairs.firstUsedAt)))
      .where(eq(tokenFamilies.id, familyId))
      .limit(1)
    if (family === undefined || family.revokedAt !== null || family.usedPairId !== null) return { kind: 'codeInvalid' }
  }

  const tokens = await issueTokenPair({ db, now }, { familyId, parentId: null, projectEpoch: device.projectEpoch })
  if (!device.isOurAgent) return { kind: 'paired', tokens, controlLink: null }
  const deviceSecret = newDeviceSecret(device.id)
  await db
    .update(devices)
    .set({ secretSha256: sha256Hex(deviceSecret), previousSecretSha256: null })
    .where(eq(devices.id, device.id))
  return { kind: 'paired', tokens, controlLink: { deviceId: device.id, deviceSecret } }
}
