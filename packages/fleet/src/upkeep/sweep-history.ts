import { conditions, connections, deviceEvents, gateways, tokenPairs } from '@rushes/db'
import { and, asc, eq, inArray, lt, notExists } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** How long what only tells of the past is kept. The audit is kept for ever. */
export const retention = {
  /** Connections that ended, and what devices told of: the timeline of a device reaches back so far. */
  deviceHistoryMs: 90 * 86_400_000,
  /** Gateways that stopped, once no connection names them, and conditions of programs that are gone. */
  deadProgramsMs: 7 * 86_400_000,
  /** Tokens of which neither has been good for so long. Until then one that is used again is known for what it was. */
  deadTokensMs: 14 * 86_400_000,
} as const

/** Rows come in the order of their ids, so that only so many of the oldest have to be looked at. What is left over is found next time. */
const maxPerCall = 5_000

/** Deletes what is older than it is kept. Any number of programs may do this at once. Returns how many rows are gone. */
export async function sweepHistory({ db, now }: Clocked): Promise<{ deletedCount: number }> {
  const before = (ageMs: number) => new Date(now.getTime() - ageMs)
  const oldestEvents = db
    .select({ id: deviceEvents.id, receivedAt: deviceEvents.receivedAt })
    .from(deviceEvents)
    .orderBy(asc(deviceEvents.id))
    .limit(maxPerCall)
    .as('oldest_events')
  const events = await db.delete(deviceEvents).where(
    inArray(
      deviceEvents.id,
      db
        .select({ id: oldestEvents.id })
        .from(oldestEvents)
        .where(lt(oldestEvents.receivedAt, before(retention.deviceHistoryMs))),
    ),
  )
  const oldestConnections = db
    .select({ epoch: connections.epoch, closedAt: connections.closedAt })
    .from(connections)
    .orderBy(asc(connections.epoch))
    .limit(maxPerCall)
    .as('oldest_connections')
  const ended = await db.delete(connections).where(
    inArray(
      connections.epoch,
      db
        .select({ epoch: oldestConnections.epoch })
        .from(oldestConnections)
        // One that is open has no such instant, and stays.
        .where(lt(oldestConnections.closedAt, before(retention.deviceHistoryMs))),
    ),
  )
  const isNamed = db
    .select({ epoch: connections.epoch })
    .from(connections)
    .where(eq(connections.gatewayId, gateways.id))
  const dead = await db
    .delete(gateways)
    .where(and(lt(gateways.leaseUntil, before(retention.deadProgramsMs)), notExists(isNamed)))
  const expired = db
    .select({ id: tokenPairs.id })
    .from(tokenPairs)
    .where(lt(tokenPairs.refreshExpiresAt, before(retention.deadTokensMs)))
    .limit(maxPerCall)
  const tokens = await db.delete(tokenPairs).where(inArray(tokenPairs.id, expired))
  const stale = await db.delete(conditions).where(lt(conditions.seenAt, before(retention.deadProgramsMs)))
  return { deletedCount: [events, ended, dead, tokens, stale].reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0) }
}
