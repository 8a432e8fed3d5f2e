import { type Database, pairingRequests } from '@rushes/db'
import { eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { identifyClient } from '../tokens/identify-client.ts'
import type { IssuedTokens } from '../tokens/issue-pair.ts'
import { sha256Hex } from '../tokens/secrets.ts'
import { pollToleranceMs, redeemWindowMs, slowDownSeconds } from './limits.ts'
import { redeemPairing } from './redeem.ts'

export type PollPairingInput = {
  clientId: string
  /** Null is taken here even from a model with a secret, as old specifications left it out: the device code is one. */
  clientSecret: string | null
  deviceCode: string
}

export type PollPairingOutcome =
  | {
      kind: 'paired'
      tokens: IssuedTokens
      /** For our own agents: the credential of the control link. */
      controlLink: { deviceId: string; deviceSecret: string } | null
    }
  | { kind: 'authorizationPending' }
  | { kind: 'slowDown' }
  | { kind: 'codeExpired' }
  | { kind: 'denied' }
  | { kind: 'clientUnknown' }
  /** No such code of this client, or its tokens are in use already. */
  | { kind: 'codeInvalid' }

/**
 * Asks whether a device was let in. Once approved, each poll answers with a fresh pair until one of them is used: a reply
 * that is lost costs nothing.
 */
export async function pollPairing({ db, now }: Clocked, input: PollPairingInput): Promise<PollPairingOutcome> {
  const model = input.clientSecret === null ? null : await identifyClient({ db }, input)
  if (input.clientSecret !== null && model === null) return { kind: 'clientUnknown' }
  return db.transaction(async (tx) => {
    const [request] = await tx
      .select()
      .from(pairingRequests)
      .where(eq(pairingRequests.deviceCodeSha256, sha256Hex(input.deviceCode)))
      .for('update')
    if (request === undefined || request.clientId !== input.clientId) return { kind: 'codeInvalid' }
    if (model !== null && model.id !== request.modelId) return { kind: 'codeInvalid' }
    switch (request.state) {
      case 'denied':
        return { kind: 'denied' }
      case 'approved':
      case 'redeemed': {
        if (request.decidedAt === null || request.deviceId === null) return { kind: 'codeInvalid' }
        if (now.getTime() > request.decidedAt.getTime() + redeemWindowMs) return { kind: 'codeExpired' }
        const { id, deviceId, state } = request
        return redeemPairing({ db: tx, now }, { requestId: id, deviceId, isFirst: state === 'approved' })
      }
      case 'pending':
        return answerPending({ db: tx, now }, request)
    }
  })
}

async function answerPending(
  { db, now }: { db: Database; now: Date },
  request: { id: string; expiresAt: Date; lastPolledAt: Date | null; intervalSeconds: number },
): Promise<PollPairingOutcome> {
  if (request.expiresAt <= now) return { kind: 'codeExpired' }
  const sincePollMs =
    request.lastPolledAt === null ? Number.POSITIVE_INFINITY : now.getTime() - request.lastPolledAt.getTime()
  const tooFast = sincePollMs < request.intervalSeconds * 1000 - pollToleranceMs
  await db
    .update(pairingRequests)
    .set({ lastPolledAt: now, ...(tooFast ? { intervalSeconds: request.intervalSeconds + slowDownSeconds } : {}) })
    .where(eq(pairingRequests.id, request.id))
  return { kind: tooFast ? 'slowDown' : 'authorizationPending' }
}
