import { commandExecutions, commands } from '@rushes/db'
import { type CommandBody, commandLanes } from '@rushes/protocol'
import type { Acting } from '../context.ts'

/** Writes an active command with one queued execution per device. The caller is in a transaction, and writes audit row and wake-up. */
export async function insertCommand(
  { db, now, actor }: Acting,
  input: {
    commandId: string
    body: CommandBody
    deviceIds: readonly string[]
    reason: string | null
    expiresAt: Date | null
  },
): Promise<{ executionIds: Map<string, string> }> {
  const { commandId, body, deviceIds, expiresAt } = input
  await db.insert(commands).values({
    id: commandId,
    state: 'active',
    body,
    deviceCount: deviceIds.length,
    issuedBy: actor.name,
    reason: input.reason,
    createdAt: now,
    activatedAt: now,
    expiresAt,
  })
  const executionIds = new Map(deviceIds.map((deviceId) => [deviceId, crypto.randomUUID()]))
  const executions = [...executionIds].map(([deviceId, id]) => ({
    id,
    commandId,
    deviceId,
    lane: commandLanes[body.kind],
    queuedAt: now,
    updatedAt: now,
    expiresAt,
  }))
  // PostgreSQL takes 65,535 parameters a statement.
  for (let first = 0; first < executions.length; first += maxRowsPerInsert) {
    await db.insert(commandExecutions).values(executions.slice(first, first + maxRowsPerInsert))
  }
  return { executionIds }
}

const maxRowsPerInsert = 1_000
