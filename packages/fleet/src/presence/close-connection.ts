import { connections, type Database } from '@rushes/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** Closes one connection. Late news of an old one change nothing: the epoch names it, not the device. */
export async function closeConnection(
  { db }: { db: Database },
  input: { epoch: number; reason: string },
): Promise<{ kind: 'closed' | 'alreadyClosed' }> {
  return db.transaction(async (tx) => {
    const [closed] = await tx
      .update(connections)
      .set({ closedAt: sql`clock_timestamp()`, closeReason: input.reason })
      .where(and(eq(connections.epoch, input.epoch), isNull(connections.closedAt)))
      .returning({ deviceId: connections.deviceId })
    if (closed === undefined) return { kind: 'alreadyClosed' }
    await announceDeviceChange(tx, { deviceIds: [closed.deviceId] })
    return { kind: 'closed' }
  })
}
