import { assets, devices } from '@rushes/db'
import { and, asc, eq, exists, lte } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { closeUnfinishedAssets } from './close-unfinished.ts'

const maxDevices = 100

/** Closes the unfinished clips of devices whose authorization has ended: signed part URLs outlive it otherwise. */
export async function closeExpiredUploads({ db, now }: Clocked): Promise<{ closedIds: string[] }> {
  const unfinished = db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.deviceId, devices.id), eq(assets.state, 'created')))
  const hasExpired = and(lte(devices.authorizationExpiresAt, now), exists(unfinished))
  const expired = await db
    .select({ id: devices.id })
    .from(devices)
    .where(hasExpired)
    .orderBy(asc(devices.id))
    .limit(maxDevices)
  const closedIds: string[] = []
  for (const { id } of expired) {
    const closed = await db.transaction(async (tx) => {
      const [still] = await tx
        .select({ id: devices.id })
        .from(devices)
        .where(and(eq(devices.id, id), lte(devices.authorizationExpiresAt, now)))
        .for('no key update')
      if (still === undefined) return []
      const outcome = await closeUnfinishedAssets(
        { db: tx, now },
        {
          deviceId: id,
          because: 'authorizationExpired',
          detail: 'The authorization of the device ended before the clip was whole',
        },
      )
      if (outcome.closedIds.length > 0) await announceDeviceChange(tx, { deviceIds: [id] })
      return outcome.closedIds
    })
    closedIds.push(...closed)
  }
  return { closedIds }
}
