import { devices, pauseWindows } from '@rushes/db'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'

export type ResumeSharingOutcome =
  | { kind: 'resumed'; startedAt: Date; endedAt: Date }
  | { kind: 'notPaused' }
  | { kind: 'deviceUnknown' }
  | { kind: 'foreignDestination'; uploadTo: string }

/** Closes the open pause window of this channel (null: the one over all channels). What was captured inside stays blocked. */
export async function resumeSharing(
  context: Acting,
  input: { deviceId: string; channel?: number | null; reason?: string | null },
): Promise<ResumeSharingOutcome> {
  const channel = input.channel ?? null
  return context.db.transaction(async (tx) => {
    const [device] = await tx
      .select({ name: devices.name, uploadTo: devices.uploadTo, projectId: devices.projectId })
      .from(devices)
      .where(eq(devices.id, input.deviceId))
      .for('update')
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (device.uploadTo !== null) return { kind: 'foreignDestination', uploadTo: device.uploadTo }

    const [closed] = await tx
      .update(pauseWindows)
      // A clock that was set back between the two must not make a window that ends before it begins.
      .set({ endedAt: sql`greatest(${pauseWindows.startedAt}, ${context.now})`, endedBy: context.actor.name })
      .where(
        and(
          eq(pauseWindows.deviceId, input.deviceId),
          isNull(pauseWindows.endedAt),
          channel === null ? isNull(pauseWindows.channel) : eq(pauseWindows.channel, channel),
        ),
      )
      .returning({ startedAt: pauseWindows.startedAt, endedAt: pauseWindows.endedAt })
    if (closed === undefined) return { kind: 'notPaused' }

    const endedAt = closed.endedAt ?? context.now
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'device.resumeSharing',
        target: { kind: 'device', id: input.deviceId, name: device.name },
        deviceId: input.deviceId,
        projectId: device.projectId,
        reason: input.reason ?? null,
        before: { channel, startedAt: closed.startedAt.toISOString() },
        after: { channel, endedAt: endedAt.toISOString() },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [input.deviceId] })
    return { kind: 'resumed', startedAt: closed.startedAt, endedAt }
  })
}
