import { type Database, deviceReports, devices } from '@rushes/db'
import type { DeviceStatus } from '@rushes/protocol'
import { and, eq, isNotNull, or, sql } from 'drizzle-orm'
import { storableJson } from './storable.ts'

/**
 * Stores a device's own summary. `clockOffsetMs`: device clock minus server clock, measured at the hello. With another outbox than
 * before, counting of events begins anew. Telemetry: moves `changed_at` for those who poll, wakes nobody.
 */
export async function storeStatus(
  { db }: { db: Database },
  input: { deviceId: string; outboxId: string; status: DeviceStatus; clockOffsetMs: number },
): Promise<void> {
  const { deviceId, outboxId } = input
  const status = storableJson(input.status)
  const clockOffsetMs = Math.round(input.clockOffsetMs)
  await db.transaction(async (tx) => {
    // The device's row first, as everywhere.
    await tx.update(devices).set({ changedAt: sql`clock_timestamp()` }).where(eq(devices.id, deviceId))
    await tx
      .insert(deviceReports)
      .values({ deviceId, status, outboxId, clockOffsetMs, receivedAt: sql`clock_timestamp()` })
      .onConflictDoUpdate({
        target: deviceReports.deviceId,
        set: {
          status,
          outboxId,
          clockOffsetMs,
          receivedAt: sql`clock_timestamp()`,
          lastSeq: sql`case when ${deviceReports.outboxId} = ${outboxId} then ${deviceReports.lastSeq} else 0 end`,
        },
      })
    const project = status.destinationIsOurs ? null : status.project
    const named = { foreignProjectId: project?.id ?? null, foreignProjectName: project?.name ?? null }
    await tx
      .update(devices)
      .set(named)
      .where(
        and(
          eq(devices.id, deviceId),
          isNotNull(devices.uploadTo),
          or(
            sql`${devices.foreignProjectId} is distinct from ${named.foreignProjectId}`,
            sql`${devices.foreignProjectName} is distinct from ${named.foreignProjectName}`,
          ),
        ),
      )
  })
}
