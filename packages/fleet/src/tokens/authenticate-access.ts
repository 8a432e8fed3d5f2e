import { devices, runStatement } from '@rushes/db'
import { eq } from 'drizzle-orm'
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
  const bySha256 = new Map((await findLive(clocked, accessTokens)).map((found) => [found.accessSha256, found]))
  return accessTokens.map((accessToken) => {
    const found = bySha256.get(sha256Hex(accessToken))
    if (found === undefined) return { kind: 'refused' }
    return found.firstUsedAt === null ? busy : { kind: 'authenticated', device: found.device }
  })
}

type LiveRow = {
  accessSha256: string
  pairId: string
  familyId: string
  tokenEpoch: number
  accessExpiresAt: string
  firstUsedAt: string | null
  authorizationExpiresAt: string | null
  lastCallAt: string | null
} & Omit<CallingDevice, 'lastCallAt'>

/** One look along the index for each token. */
const live = `
  select pair.access_sha256 as "accessSha256", pair.id as "pairId", pair.family_id as "familyId", pair.project_epoch as "tokenEpoch",
    pair.access_expires_at as "accessExpiresAt", pair.first_used_at as "firstUsedAt",
    device.authorization_expires_at as "authorizationExpiresAt", device.id, device.name, model.is_our_agent as "isOurAgent",
    device.project_id as "projectId", device.project_epoch as "projectEpoch", device.firmware_version as "firmwareVersion",
    device.last_call_at as "lastCallAt"
  from unnest($1::text[]) asked(sha256),
    lateral (select * from token_pairs where access_sha256 = asked.sha256 offset 0) pair
    join token_families family on family.id = pair.family_id
    join devices device on device.id = family.device_id
    join device_models model on model.id = device.model_id
  where pair.access_ended_at is null and pair.superseded_at is null and family.revoked_at is null and device.revoked_at is null`

/** The pairs of these tokens that are good at this moment, with their devices. */
async function findLive({ db, now }: Clocked, accessTokens: readonly string[]) {
  const rows = await runStatement<LiveRow>(db, live, [[...new Set(accessTokens.map(sha256Hex))]])
  return rows.flatMap((row) => {
    const {
      accessSha256,
      pairId,
      familyId,
      tokenEpoch,
      accessExpiresAt,
      firstUsedAt,
      authorizationExpiresAt,
      ...device
    } = row
    const isLive =
      new Date(accessExpiresAt) > now &&
      (authorizationExpiresAt === null || new Date(authorizationExpiresAt) > now) &&
      tokenEpoch >= device.projectEpoch
    if (!isLive) return []
    const lastCallAt = device.lastCallAt === null ? null : new Date(device.lastCallAt)
    return [{ accessSha256, pairId, familyId, firstUsedAt, device: { ...device, lastCallAt } }]
  })
}
