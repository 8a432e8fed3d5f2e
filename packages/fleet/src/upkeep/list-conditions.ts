import { conditions } from '@rushes/db'
import { asc, gt } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import type { ConditionCode } from './report-conditions.ts'

/** What an operator should do something about and no device can tell of. Ready for JSON. */
export type Condition = { code: ConditionCode; reporter: string; detail: string; since: string; seenAt: string }

/** A program says every few seconds what it finds; of one that has not for so long, nobody knows whether it still holds. */
const believedForMs = 5 * 60_000

/** The conditions that hold, as far as is known, the oldest first. */
export async function listConditions({ db, now }: Clocked): Promise<Condition[]> {
  const rows = await db
    .select()
    .from(conditions)
    .where(gt(conditions.seenAt, new Date(now.getTime() - believedForMs)))
    .orderBy(asc(conditions.since), asc(conditions.code), asc(conditions.reporter))
  return rows.map((row) => ({ ...row, since: row.since.toISOString(), seenAt: row.seenAt.toISOString() }))
}
