import { commandExecutions } from '@rushes/db'
import { and, eq, isNull, ne } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { settleCommands } from './settle-commands.ts'
import { hasEnded, storeTransition } from './store-transition.ts'

/**
 * The device came back with another store: what it had been given may or may not have been carried out, and can't be asked
 * any more. Given again, it might run twice. For the transaction that opens its connection.
 */
export async function settleLostStore(context: Clocked, input: { deviceId: string }): Promise<void> {
  const open = await context.db
    .select()
    .from(commandExecutions)
    .where(
      and(
        eq(commandExecutions.deviceId, input.deviceId),
        isNull(commandExecutions.finalizedAt),
        ne(commandExecutions.state, 'queued'),
      ),
    )
    .for('update')
  const endedCommandIds: string[] = []
  for (const execution of open) {
    const outcome = await storeTransition(context, execution, { kind: 'storeLost' })
    if (hasEnded(outcome)) endedCommandIds.push(execution.commandId)
  }
  await settleCommands(context, endedCommandIds)
}
