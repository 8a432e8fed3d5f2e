import { commandExecutions, commands } from '@rushes/db'
import { and, eq, inArray, isNull, notExists } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** Marks those of the commands as done whose executions are all at their end. For the transaction that ended one of them. */
export async function settleCommands({ db, now }: Clocked, commandIds: readonly string[]): Promise<void> {
  if (commandIds.length === 0) return
  // Two executions that end at the same instant must see one another: the second waits here and then counts both.
  await db
    .select({ id: commands.id })
    .from(commands)
    .where(inArray(commands.id, [...commandIds]))
    .orderBy(commands.id)
    .for('no key update')
  await db
    .update(commands)
    .set({ state: 'done', finalizedAt: now })
    .where(
      and(
        inArray(commands.id, [...commandIds]),
        eq(commands.state, 'active'),
        notExists(
          db
            .select({ id: commandExecutions.id })
            .from(commandExecutions)
            .where(and(eq(commandExecutions.commandId, commands.id), isNull(commandExecutions.finalizedAt))),
        ),
      ),
    )
}
