import { answerDeadlines, dueEvent, type Reach } from '@rushes/command-core'
import { commandExecutions, connections, type Database, devices, gateways } from '@rushes/db'
import { and, asc, eq, inArray, isNotNull, isNull, lt, lte, or } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { isAlive } from '../presence/online.ts'
import { settleCommands } from './settle-commands.ts'
import { hasEnded, storeTransition } from './store-transition.ts'
import { type StoredExecution, toExecution } from './stored-execution.ts'

/** Bounds the work of one sweep; what is left over is found by the next. */
const maxPerSweep = 500

/**
 * Ends what time has ended: expired before it was handed out, or left unanswered too long by a device that is there. Any number
 * of gateways may do this at once.
 */
export async function sweepExecutions({ db, now }: Clocked): Promise<{ endedCount: number }> {
  let endedCount = 0
  for (const { execution, reach } of await candidates(db, now)) {
    const due = dueEvent(toExecution(execution), reach, { nowMs: now.getTime() })
    if (due === null) continue
    endedCount += await db.transaction(async (tx) => {
      await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, execution.deviceId)).for('no key update')
      const outcome = await storeTransition({ db: tx, now }, execution, due)
      if (!hasEnded(outcome)) return 0 // an answer came in between
      await settleCommands({ db: tx, now }, [execution.commandId])
      await announceDeviceChange(tx, { deviceIds: [execution.deviceId] })
      return 1
    })
  }
  return { endedCount }
}

async function candidates(db: Database, now: Date): Promise<{ execution: StoredExecution; reach: Reach }[]> {
  const shortestMs = Math.min(...Object.values(answerDeadlines))
  const alive = db
    .select({ epoch: connections.epoch, deviceId: connections.deviceId, openedAt: connections.openedAt })
    .from(connections)
    .innerJoin(gateways, eq(gateways.id, connections.gatewayId))
    .where(and(isNull(connections.closedAt), isAlive()))
    .as('alive')
  const found = await db
    .select({ execution: commandExecutions, epoch: alive.epoch, openedAt: alive.openedAt })
    .from(commandExecutions)
    .leftJoin(alive, eq(alive.deviceId, commandExecutions.deviceId))
    .where(
      and(
        isNull(commandExecutions.finalizedAt),
        or(
          and(lte(commandExecutions.expiresAt, now), inArray(commandExecutions.state, ['queued', 'delivered'])),
          and(isNotNull(alive.epoch), lt(commandExecutions.updatedAt, new Date(now.getTime() - shortestMs))),
        ),
      ),
    )
    .orderBy(asc(commandExecutions.updatedAt))
    .limit(maxPerSweep)
  return found.map(({ execution, epoch, openedAt }) => ({
    execution,
    reach:
      epoch === null || openedAt === null
        ? { kind: 'offline' }
        : { kind: 'connected', epoch, sinceMs: openedAt.getTime() },
  }))
}
