import { deviceModels, devices, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { identifyClient } from './identify-client.ts'
import { type IssuedTokens, issueTokenPair } from './issue-pair.ts'
import { markPairUsed } from './mark-pair-used.ts'
import { revokeReusedFamily } from './revoke-reused-family.ts'
import { sha256Hex } from './secrets.ts'

export type RefreshPairOutcome =
  | { kind: 'refreshed'; tokens: IssuedTokens }
  | { kind: 'clientUnknown' }
  /** The token was spent before; its whole family has been revoked. */
  | { kind: 'tokenReused' }
  /** Not a token of this client, expired, revoked, or its authorization has ended: the device has to be paired again. */
  | { kind: 'credentialsDead' }

/**
 * Exchanges a refresh token for a new pair, of the project that the device is in now. The old pair stays good until the new
 * one is first used, so a reply that is lost costs nothing; the same token after that revokes its family.
 */
export async function refreshTokenPair(
  { db, now }: Clocked,
  input: { clientId: string; clientSecret: string | null; refreshToken: string },
): Promise<RefreshPairOutcome> {
  const model = await identifyClient({ db }, input)
  if (model === null) return { kind: 'clientUnknown' }
  return db.transaction(async (tx) => {
    const byToken = eq(tokenPairs.refreshSha256, sha256Hex(input.refreshToken))
    const [device] = await tx
      .select({
        id: devices.id,
        name: devices.name,
        projectEpoch: devices.projectEpoch,
        projectId: devices.projectId,
        revokedAt: devices.revokedAt,
        authorizationExpiresAt: devices.authorizationExpiresAt,
      })
      .from(devices)
      .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
      .innerJoin(tokenFamilies, eq(tokenFamilies.deviceId, devices.id))
      .innerJoin(tokenPairs, eq(tokenPairs.familyId, tokenFamilies.id))
      .where(and(byToken, eq(devices.modelId, model.id), eq(devices.clientId, input.clientId)))
      .for('no key update', { of: devices }) // whoever changes tokens of a device holds its row
    if (device === undefined) return { kind: 'credentialsDead' }

    const [pair] = await tx
      .select({
        pairId: tokenPairs.id,
        familyId: tokenPairs.familyId,
        refreshExpiresAt: tokenPairs.refreshExpiresAt,
        supersededAt: tokenPairs.supersededAt,
        familyRevokedAt: tokenFamilies.revokedAt,
      })
      .from(tokenPairs)
      .innerJoin(tokenFamilies, eq(tokenFamilies.id, tokenPairs.familyId))
      .where(byToken)
    if (pair === undefined || pair.familyRevokedAt !== null || device.revokedAt !== null)
      return { kind: 'credentialsDead' }
    if (pair.supersededAt !== null) {
      await revokeReusedFamily({ db: tx, now }, { familyId: pair.familyId, device })
      return { kind: 'tokenReused' }
    }
    const authorizationEnded = device.authorizationExpiresAt !== null && device.authorizationExpiresAt <= now
    if (pair.refreshExpiresAt <= now || authorizationEnded) return { kind: 'credentialsDead' }

    await markPairUsed({ db: tx, now }, pair)
    const tokens = await issueTokenPair(
      { db: tx, now },
      { familyId: pair.familyId, parentId: pair.pairId, projectEpoch: device.projectEpoch },
    )
    return { kind: 'refreshed', tokens }
  })
}
