import { randomUUID } from 'node:crypto'
import { tokenPairs } from '@rushes/db'
import { accessTokenLifetimeMs, refreshTokenLifetimeMs } from '@rushes/protocol'
import type { Clocked } from '../context.ts'
import { newOpaqueToken, sha256Hex } from './secrets.ts'

/** Tokens in the clear: they exist here, in the reply, and on the device; the database keeps digests. */
export type IssuedTokens = { accessToken: string; refreshToken: string; expiresInSeconds: number }

/** Issues a pair of one family. The caller holds the device's row, so that the epoch cannot move underneath. */
export async function issueTokenPair(
  { db, now }: Clocked,
  input: { familyId: string; parentId: string | null; projectEpoch: number },
): Promise<IssuedTokens> {
  const accessToken = newOpaqueToken()
  const refreshToken = randomUUID() // the documented protocol says that it is a UUID
  await db.insert(tokenPairs).values({
    familyId: input.familyId,
    parentId: input.parentId,
    projectEpoch: input.projectEpoch,
    accessSha256: sha256Hex(accessToken),
    accessExpiresAt: new Date(now.getTime() + accessTokenLifetimeMs),
    refreshSha256: sha256Hex(refreshToken),
    refreshExpiresAt: new Date(now.getTime() + refreshTokenLifetimeMs),
    issuedAt: now,
  })
  return { accessToken, refreshToken, expiresInSeconds: accessTokenLifetimeMs / 1000 }
}
