import { conditions } from '@rushes/db'
import { and, eq, notInArray, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

export type ConditionCode = (typeof conditions.$inferSelect)['code']

/** Says which conditions a program finds at the moment; those that it told of before and does not find any more are over. */
export async function reportConditions(
  { db, now }: Clocked,
  input: { reporter: string; found: readonly { code: ConditionCode; detail: string }[] },
): Promise<void> {
  const codes = input.found.map(({ code }) => code)
  await db.transaction(async (tx) => {
    await tx
      .delete(conditions)
      .where(
        and(
          eq(conditions.reporter, input.reporter),
          codes.length === 0 ? undefined : notInArray(conditions.code, codes),
        ),
      )
    if (input.found.length === 0) return
    await tx
      .insert(conditions)
      .values(input.found.map((one) => ({ ...one, reporter: input.reporter, since: now, seenAt: now })))
      .onConflictDoUpdate({
        target: [conditions.code, conditions.reporter],
        set: { detail: sql`excluded.detail`, seenAt: now },
      })
  })
}
