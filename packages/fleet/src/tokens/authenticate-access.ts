import { deviceModels, devices, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import { busy, type Clocked, type Together } from '../context.ts'
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
  clocked: Clocked,
  input: { accessToken: string },
): Promise<AuthenticateAccessOutcome> {
  const { db, now } = clocked
  const [found] = await findLive(clocked, [input.accessToken])
  if (found === undefined) return { kind: 'refused' }
  if (found.firstUsedAt === null) {
    const stillLive = await db.transaction(async (tx) => {
      await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, found.device.id)).for('no key update')
      return markPairUsed({ db: tx, now }, found)
    })
    if (!stillLive) return { kind: 'refused' }
  }
  return { kind: 'authenticated', device: found.device }
}

/** Whose access tokens these are. Those that come for the first time need their device's row: `busy`, unless it is waited for. */
export async function authenticateAccesses(
  { wait, ...clocked }: Together,
  accessTokens: readonly string[],
): Promise<(AuthenticateAccessOutcome | typeof busy)[]> {
  if (wait) {
    const outcomes: AuthenticateAccessOutcome[] = []
    for (const accessToken of accessTokens) outcomes.push(await authenticateAccess(clocked, { accessToken }))
    return outcomes
  }
  const bySha256 = new Map((await findLive(clocked, accessTokens)).map((live) => [live.accessSha256, live]))
  return accessTokens.map((accessToken) => {
    const live = bySha256.get(sha256Hex(accessToken))
    if (live === undefined) return { kind: 'refused' }
    return live.firstUsedAt === null ? busy : { kind: 'authenticated', device: live.device }
  })
}

/** The pairs of these tokens that are good at this moment, with their devices. */
async function findLive({ db, now }: Clocked, accessTokens: readonly string[]) {
  const found = await db
    .select({
      accessSha256: tokenPairs.accessSha256,
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
        inArray(tokenPairs.accessSha256, [...new Set(accessTokens.map(sha256Hex))]),
        isNull(tokenPairs.accessEndedAt),
        isNull(tokenPairs.supersededAt),
        isNull(tokenFamilies.revokedAt),
        isNull(devices.revokedAt),
      ),
    )
  return found.filter(
    ({ accessExpiresAt, authorizationExpiresAt, projectEpoch, device }) =>
      accessExpiresAt > now &&
      (authorizationExpiresAt === null || authorizationExpiresAt > now) &&
      projectEpoch >= device.projectEpoch,
  )
}
