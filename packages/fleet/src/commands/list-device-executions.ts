import { commandExecutions, type Database } from '@rushes/db'
import { and, desc, eq, isNull, or, sql } from 'drizzle-orm'
import type { ExecutionRow } from './execution-row.ts'
import { storedExecutions } from './stored-executions.ts'
import { toExecutionRow } from './to-execution-row.ts'

/** What was asked of one device: all that is open, and the newest of the rest; the newest first. */
export async function listDeviceExecutions(
  { db }: { db: Database },
  input: { deviceId: string; limit: number },
): Promise<ExecutionRow[]> {
  const ofDevice = eq(commandExecutions.deviceId, input.deviceId)
  const newest = db
    .select({ id: commandExecutions.id })
    .from(commandExecutions)
    .where(ofDevice)
    .orderBy(desc(commandExecutions.queuedAt))
    .limit(input.limit)
  const found = await storedExecutions(
    db,
    and(ofDevice, or(isNull(commandExecutions.finalizedAt), sql`${commandExecutions.id} in ${newest}`)),
  )
  return found.map(toExecutionRow).reverse()
}
