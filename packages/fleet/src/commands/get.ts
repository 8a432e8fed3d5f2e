import { type RollUp, rollUp } from '@rushes/command-core'
import { commandExecutions, commands, type Database, devices } from '@rushes/db'
import type { CommandBody, CommandState } from '@rushes/protocol'
import { count, eq, inArray } from 'drizzle-orm'
import type { ExecutionRow } from './execution-row.ts'
import { storedExecutions } from './stored-executions.ts'
import { toExecutionRow } from './to-execution-row.ts'

/** A command over all its devices. Ready for JSON: instants are ISO 8601 in UTC. */
export type CommandRow = {
  commandId: string
  state: CommandState
  body: CommandBody
  issuedBy: string
  reason: string | null
  createdAt: string
  expiresAt: string | null
  finalizedAt: string | null
  rollUp: RollUp
}

export type CommandDetail = CommandRow & { executions: (ExecutionRow & { deviceName: string })[] }

/** One command with the execution of each device; null when there is none of that id. */
export async function getCommand(
  { db }: { db: Database },
  input: { commandId: string },
): Promise<CommandDetail | null> {
  const [command] = await db.select().from(commands).where(eq(commands.id, input.commandId))
  if (command === undefined) return null
  const [row] = await withRollUps(db, [command])
  if (row === undefined) return null
  const found = await storedExecutions(db, eq(commandExecutions.commandId, command.id))
  const named = await db
    .select({ id: devices.id, name: devices.name })
    .from(devices)
    .innerJoin(commandExecutions, eq(commandExecutions.deviceId, devices.id))
    .where(eq(commandExecutions.commandId, command.id))
  const names = new Map(named.map((device) => [device.id, device.name]))
  const executions = found.map((one) => ({
    ...toExecutionRow(one),
    deviceName: names.get(one.execution.deviceId) ?? '',
  }))
  return { ...row, executions }
}

/** Commands as rows of a list, in the order given. */
export async function withRollUps(
  db: Database,
  found: readonly (typeof commands.$inferSelect)[],
): Promise<CommandRow[]> {
  if (found.length === 0) return []
  const counted = await db
    .select({ commandId: commandExecutions.commandId, state: commandExecutions.state, executionCount: count() })
    .from(commandExecutions)
    .where(
      inArray(
        commandExecutions.commandId,
        found.map((command) => command.id),
      ),
    )
    .groupBy(commandExecutions.commandId, commandExecutions.state)
  return found.map((command) => ({
    commandId: command.id,
    state: command.state,
    body: command.body,
    issuedBy: command.issuedBy,
    reason: command.reason,
    createdAt: command.createdAt.toISOString(),
    expiresAt: command.expiresAt?.toISOString() ?? null,
    finalizedAt: command.finalizedAt?.toISOString() ?? null,
    rollUp: rollUp(
      Object.fromEntries(
        counted.filter((row) => row.commandId === command.id).map((row) => [row.state, row.executionCount]),
      ),
    ),
  }))
}
