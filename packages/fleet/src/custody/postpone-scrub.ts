import { scrubs } from '@rushes/db'
import { and, eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** Gives up a reading that failed, to begin it again at `notBefore`. `error`: words for the operator, without paths or secrets. */
export async function postponeScrub(
  { db }: Clocked,
  input: { assetId: string; token: string; attempts: number; error: string; notBefore: Date },
): Promise<void> {
  await db
    .update(scrubs)
    .set({
      leaseToken: null,
      leaseUntil: null,
      attempts: input.attempts,
      error: input.error,
      notBefore: input.notBefore,
    })
    .where(and(eq(scrubs.assetId, input.assetId), eq(scrubs.leaseToken, input.token)))
}
