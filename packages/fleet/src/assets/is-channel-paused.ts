import { type Database, pauseWindows } from '@rushes/db'
import { and, eq, gt, isNull, lte, or } from 'drizzle-orm'

/** Whether a pause window of this channel (or of all) holds an instant of the range; a window that is open reaches on for ever. */
export async function isChannelPaused(
  { db }: { db: Database },
  input: { deviceId: string; channel: number; from: Date; to: Date },
): Promise<boolean> {
  const [window] = await db
    .select({ id: pauseWindows.id })
    .from(pauseWindows)
    .where(
      and(
        eq(pauseWindows.deviceId, input.deviceId),
        or(isNull(pauseWindows.channel), eq(pauseWindows.channel, input.channel)),
        lte(pauseWindows.startedAt, input.to),
        or(isNull(pauseWindows.endedAt), gt(pauseWindows.endedAt, input.from)),
      ),
    )
    .limit(1)
  return window !== undefined
}
