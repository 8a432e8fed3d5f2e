import { devices, pauseWindows } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'

export type PauseSharingOutcome =
  | { kind: 'paused'; windowId: string; startedAt: Date }
  | { kind: 'alreadyPaused'; startedAt: Date; startedBy: string }
  | { kind: 'deviceUnknown' }
  /** Its uploads go to another server; that is where sharing is paused. */
  | { kind: 'foreignDestination'; uploadTo: string }

/**
 * Opens a pause window: what the device captures from now on never uploads, until sharing is resumed. Uploads that have
 * begun are finished. A channel of null means all channels.
 */
export async function pauseSharing(
  context: Acting,
  input: { deviceId: string; channel?: number | null; reason?: string | null },
): Promise<PauseSharingOutcome> {
  const channel = input.channel ?? null
  return context.db.transaction(async (tx) => {
    // Creates hold this row while they look for windows, so none of them misses this one.
    const [device] = await tx
      .select({ name: devices.name, uploadTo: devices.uploadTo, projectId: devices.projectId })
      .from(devices)
      .where(eq(devices.id, input.deviceId))
      .for('update')
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (device.uploadTo !== null) return { kind: 'foreignDestination', uploadTo: device.uploadTo }

    const [open] = await tx
      .select({ startedAt: pauseWindows.startedAt, startedBy: pauseWindows.startedBy })
      .from(pauseWindows)
      .where(
        and(
          eq(pauseWindows.deviceId, input.deviceId),
          isNull(pauseWindows.endedAt),
          channel === null ? isNull(pauseWindows.channel) : eq(pauseWindows.channel, channel),
        ),
      )
    if (open !== undefined) return { kind: 'alreadyPaused', ...open }

    const windowId = crypto.randomUUID()
    await tx.insert(pauseWindows).values({
      id: windowId,
      deviceId: input.deviceId,
      channel,
      startedAt: context.now,
      startedBy: context.actor.name,
      reason: input.reason ?? null,
    })
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'device.pauseSharing',
        target: { kind: 'device', id: input.deviceId, name: device.name },
        deviceId: input.deviceId,
        projectId: device.projectId,
        reason: input.reason ?? null,
        after: { channel, startedAt: context.now.toISOString() },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [input.deviceId] })
    return { kind: 'paused', windowId, startedAt: context.now }
  })
}
