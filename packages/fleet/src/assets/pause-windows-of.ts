import { type Database, runStatement } from '@rushes/db'

/** A stretch of time in which a device shares nothing; a channel of null means all of them, an end of null that it goes on. */
export type PauseWindow = { deviceId: string; channel: number | null; startedAt: Date; endedAt: Date | null }

type Row = { deviceId: string; channel: number | null; startedAt: string; endedAt: string | null }

const statement = `
  select device_id as "deviceId", channel, started_at as "startedAt", ended_at as "endedAt" from pause_windows
  where device_id = any($1::uuid[]) and started_at <= $2::timestamptz and (ended_at is null or ended_at > $3::timestamptz)`

/** The windows of these devices that hold an instant of the range. */
export async function pauseWindowsOf(
  db: Database,
  input: { deviceIds: readonly string[]; from: Date; to: Date },
): Promise<PauseWindow[]> {
  const rows = await runStatement<Row>(db, statement, [
    input.deviceIds,
    input.to.toISOString(),
    input.from.toISOString(),
  ])
  return rows.map(({ startedAt, endedAt, ...window }) => ({
    ...window,
    startedAt: new Date(startedAt),
    endedAt: endedAt === null ? null : new Date(endedAt),
  }))
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
