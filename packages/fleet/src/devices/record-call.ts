import { devices } from '@rushes/db'
import { and, eq, isNull, ne, or } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'

/**
 * Notes that a device called, and the firmware that it says it runs. Only another firmware is announced: that a device
 * lives is told by its links, and a wake-up a call would be telemetry.
 */
export async function recordDeviceCall(
  { db, now }: Clocked,
  input: { deviceId: string; firmwareVersion: string | null },
): Promise<void> {
  await db.update(devices).set({ lastCallAt: now }).where(eq(devices.id, input.deviceId))
  const { firmwareVersion } = input
  if (firmwareVersion === null) return
  const changed = await db
    .update(devices)
    .set({ firmwareVersion })
    .where(
      and(
        eq(devices.id, input.deviceId),
        or(isNull(devices.firmwareVersion), ne(devices.firmwareVersion, firmwareVersion)),
      ),
    )
    .returning({ id: devices.id })
  if (changed.length > 0) await announceDeviceChange(db, { deviceIds: [input.deviceId] })
}
