import { type Database, pauseWindows } from '@rushes/db'
import { and, gt, inArray, isNull, lte, or } from 'drizzle-orm'

/** A stretch of time in which a device shares nothing; a channel of null means all of them, an end of null that it goes on. */
export type PauseWindow = { deviceId: string; channel: number | null; startedAt: Date; endedAt: Date | null }

/** The windows of these devices that hold an instant of the range. */
export async function pauseWindowsOf(
  db: Database,
  input: { deviceIds: readonly string[]; from: Date; to: Date },
): Promise<PauseWindow[]> {
  return db
    .select({
      deviceId: pauseWindows.deviceId,
      channel: pauseWindows.channel,
      startedAt: pauseWindows.startedAt,
      endedAt: pauseWindows.endedAt,
    })
    .from(pauseWindows)
    .where(
      and(
        inArray(pauseWindows.deviceId, [...input.deviceIds]),
        lte(pauseWindows.startedAt, input.to),
        or(isNull(pauseWindows.endedAt), gt(pauseWindows.endedAt, input.from)),
      ),
    )
}

/** Whether a window of this channel (or of all) holds an instant of the range. */
export const isPaused = (
  windows: readonly PauseWindow[],
  capture: { deviceId: string; channel: number; from: Date; to: Date },
): boolean =>
  windows.some(
    ({ deviceId, channel, startedAt, endedAt }) =>
      deviceId === capture.deviceId &&
      (channel === null || channel === capture.channel) &&
      startedAt <= capture.to &&
      (endedAt === null || endedAt > capture.from),
  )
