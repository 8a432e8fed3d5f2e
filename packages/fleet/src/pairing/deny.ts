import { pairingRequests } from '@rushes/db'
import { and, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { wake } from '../bus/wake.ts'
import type { Acting } from '../context.ts'

export type DenyPairingOutcome = { kind: 'denied'; deviceName: string } | { kind: 'notPending' }

/** Turns a waiting device away; it learns so at its next poll. */
export async function denyPairing(context: Acting, input: { requestId: string }): Promise<DenyPairingOutcome> {
  const { now, actor } = context
  return context.db.transaction(async (tx) => {
    const [denied] = await tx
      .update(pairingRequests)
      .set({ state: 'denied', decidedBy: actor.name, decidedAt: now })
      .where(and(eq(pairingRequests.id, input.requestId), eq(pairingRequests.state, 'pending')))
      .returning({ deviceName: pairingRequests.deviceName, clientId: pairingRequests.clientId })
    if (denied === undefined) return { kind: 'notPending' }
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'pairing.deny',
        target: { kind: 'pairing', id: input.requestId, name: denied.deviceName },
        after: { clientId: denied.clientId },
      },
    )
    await wake(tx, { pairing: true })
    return { kind: 'denied', deviceName: denied.deviceName }
  })
}
