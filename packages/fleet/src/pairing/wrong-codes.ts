import { pairingFailures } from '@rushes/db'
import { and, count, gt, inArray, lt, min, sql } from 'drizzle-orm'
import type { Actor, Clocked } from '../context.ts'
import { maxWrongCodes, staleAfterMs, wrongCodeWindowMs } from './limits.ts'

/** Whom wrong codes are counted against: the person, and the address that the person typed from. */
export function subjectsOf(actor: Actor, remoteAddress: string | null): string[] {
  // Who has the command line has the database.
  if (actor.kind === 'commandLine' || actor.kind === 'system') return []
  return [
    ...(actor.id === null ? [] : [`${actor.kind}:${actor.id}`]),
    ...(remoteAddress === null ? [] : [`address:${remoteAddress}`]),
  ]
}

/**
 * Lets one attempt of each subject at a time go on, until the transaction ends: of many codes sent at once, each is tried only
 * when those before it are counted.
 */
export async function takeTurns({ db }: Pick<Clocked, 'db'>, subjects: string[]): Promise<void> {
  for (const subject of subjects.toSorted())
    await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`pairing ${subject}`}, 0))`)
}

/** When the lock-out of these subjects ends; null while there is none. */
export async function lockedOutUntil({ db, now }: Clocked, subjects: string[]): Promise<Date | null> {
  if (subjects.length === 0) return null
  const counts = await db
    .select({ failureCount: count(), oldestAt: min(pairingFailures.failedAt) })
    .from(pairingFailures)
    .where(
      and(
        inArray(pairingFailures.subject, subjects),
        gt(pairingFailures.failedAt, new Date(now.getTime() - wrongCodeWindowMs)),
      ),
    )
    .groupBy(pairingFailures.subject)
  const ends = counts
    .filter(({ failureCount }) => failureCount >= maxWrongCodes)
    .map(({ oldestAt }) => (oldestAt ?? now).getTime() + wrongCodeWindowMs)
  return ends.length === 0 ? null : new Date(Math.max(...ends))
}

/** Counts a wrong code against each subject, and forgets those that count no more. */
export async function countWrongCode({ db, now }: Clocked, subjects: string[]): Promise<void> {
  if (subjects.length === 0) return
  await db.delete(pairingFailures).where(lt(pairingFailures.failedAt, new Date(now.getTime() - staleAfterMs)))
  await db.insert(pairingFailures).values(subjects.map((subject) => ({ subject, failedAt: now })))
}
