import { deviceModels, devices, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { markPairUsed } from './mark-pair-used.ts'
import { sha256Hex } from './secrets.ts'

/** The device behind an access token, as it stands at this moment. */
export type CallingDevice = {
  id: string
  name: string
  isOurAgent: boolean
  projectId: string | null
  /** Equal to the epoch of the token: a token of an earlier one is refused. */
  projectEpoch: number
  firmwareVersion: string | null
  lastCallAt: Date | null
}

export type AuthenticateAccessOutcome =
  | { kind: 'authenticated'; device: CallingDevice }
  /** Unknown, expired, superseded, ended, revoked, or of an earlier project epoch; the caller need not know which. */
  | { kind: 'refused' }

/** Whose access token this is. Its first use supersedes the pair that it was issued from. */
export async function authenticateAccess(
  { db, now }: Clocked,
  input: { accessToken: string },
): Promise<AuthenticateAccessOutcome> {
  const [found] = await db
    .select({
      pairId: tokenPairs.id,
      familyId: tokenPairs.familyId,
      projectEpoch: tokenPairs.projectEpoch,
      accessExpiresAt: tokenPairs.accessExpiresAt,
      firstUsedAt: tokenPairs.firstUsedAt,
      authorizationExpiresAt: devices.authorizationExpiresAt,
      device: {
        id: devices.id,
        name: devices.name,
        isOurAgent: deviceModels.isOurAgent,
        projectId: devices.projectId,
        projectEpoch: devices.projectEpoch,
        firmwareVersion: devices.firmwareVersion,
        lastCallAt: devices.lastCallAt,
      },
    })
    .from(tokenPairs)
    .innerJoin(tokenFamilies, eq(tokenFamilies.id, tokenPairs.familyId))
    .innerJoin(devices, eq(devices.id, tokenFamilies.deviceId))
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .where(
      and(
        eq(tokenPairs.accessSha256, sha256Hex(input.accessToken)),
        isNull(tokenPairs.accessEndedAt),
        isNull(tokenPairs.supersededAt),
        isNull(tokenFamilies.revokedAt),
        isNull(devices.revokedAt),
      ),
    )
  if (found === undefined) return { kind: 'refused' }
  if (found.accessExpiresAt <= now) return { kind: 'refused' }
  if (found.authorizationExpiresAt !== null && found.authorizationExpiresAt <= now) return { kind: 'refused' }
  if (found.projectEpoch < found.device.projectEpoch) return { kind: 'refused' }

  if (found.firstUsedAt === null) {
    const stillLive = await db.transaction(async (tx) => {
      await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, found.device.id)).for('no key update')
      return markPairUsed({ db: tx, now }, found)
    })
    if (!stillLive) return { kind: 'refused' }
  }
  return { kind: 'authenticated', device: found.device }
}
