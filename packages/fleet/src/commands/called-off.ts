import { commandExecutions, commands, connections, type Database } from '@rushes/db'
import { and, eq, inArray, isNull } from 'drizzle-orm'

export type CalledOff = { deviceId: string; epoch: number; executionId: string }

/** Executions that devices of this gateway hold and that were called off since they were handed over on this connection. */
export async function calledOffExecutions(
  { db }: { db: Database },
  input: { gatewayId: string },
): Promise<CalledOff[]> {
  return db
    .select({
      deviceId: commandExecutions.deviceId,
      epoch: connections.epoch,
      executionId: commandExecutions.id,
    })
    .from(commandExecutions)
    .innerJoin(commands, eq(commands.id, commandExecutions.commandId))
    .innerJoin(
      connections,
      and(
        eq(connections.deviceId, commandExecutions.deviceId),
        eq(connections.epoch, commandExecutions.deliveredEpoch),
      ),
    )
    .where(
      and(
        isNull(commandExecutions.finalizedAt),
        isNull(connections.closedAt),
        eq(connections.gatewayId, input.gatewayId),
        inArray(commands.state, ['cancelled', 'aborted']),
      ),
    )
}
