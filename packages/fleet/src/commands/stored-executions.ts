import { commandExecutions, commands, type Database } from '@rushes/db'
import { asc, eq, type SQL } from 'drizzle-orm'
import type { StoredExecution } from './stored-execution.ts'

export type ExecutionOfCommand = { execution: StoredExecution; command: typeof commands.$inferSelect }

/** Executions with their commands, as they were given. */
export async function storedExecutions(db: Database, where: SQL | undefined): Promise<ExecutionOfCommand[]> {
  return db
    .select({ execution: commandExecutions, command: commands })
    .from(commandExecutions)
    .innerJoin(commands, eq(commands.id, commandExecutions.commandId))
    .where(where)
    .orderBy(asc(commandExecutions.laneSeq))
}
