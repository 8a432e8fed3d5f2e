import { type Database, deviceUploads } from '@rushes/db'
import { groupOfState, statesOf, type UploadGroup, uploadGroups } from '@rushes/upload-core'
import { and, asc, count, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { toUploadRow } from './to-upload-row.ts'
import type { UploadRow } from './upload-row.ts'

/** Where a page of a device's queue ended. */
export type QueueCursor = { rank: number; key: number; uploadId: string }

export type QueuePage = { rows: UploadRow[]; next: QueueCursor | null }

/**
 * One page of a device's queue: what moves, then what failed, waits, is held, is home, was left out. Inside the first ones the
 * oldest capture comes first, as it goes up; inside the last two the newest.
 */
export async function listDeviceUploads(
  { db }: { db: Database },
  input: {
    deviceId: string
    groups: readonly UploadGroup[] | null
    search?: string
    after: QueueCursor | null
    limit: number
  },
): Promise<QueuePage> {
  const { rank, key } = queueOrder()
  const { after } = input
  const found = await db
    .select({ upload: deviceUploads, rank, key })
    .from(deviceUploads)
    .where(
      and(
        eq(deviceUploads.deviceId, input.deviceId),
        input.groups === null ? undefined : inArray(deviceUploads.state, input.groups.flatMap(statesOf)),
        input.search === undefined || input.search === ''
          ? undefined
          : sql`lower(${deviceUploads.path}) like ${`%${input.search.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`}`,
        after === null
          ? undefined
          : sql`(${rank}, ${key}, ${deviceUploads.uploadId}) > (${after.rank}, ${after.key}::float8, ${after.uploadId})`,
      ),
    )
    .orderBy(asc(rank), asc(key), asc(deviceUploads.uploadId))
    .limit(input.limit + 1)
  const page = found.slice(0, input.limit)
  const last = page.at(-1)
  return {
    rows: page.map((row) => toUploadRow(row.upload)),
    next:
      found.length > input.limit && last !== undefined
        ? { rank: last.rank, key: last.key, uploadId: last.upload.uploadId }
        : null,
  }
}

/** How many clips of a device are in each group, by what the server was told of each. */
export async function countDeviceUploads(
  { db }: { db: Database },
  input: { deviceId: string },
): Promise<Record<UploadGroup, number>> {
  const found = await db
    .select({ state: deviceUploads.state, clipCount: count() })
    .from(deviceUploads)
    .where(eq(deviceUploads.deviceId, input.deviceId))
    .groupBy(deviceUploads.state)
  const counts: Record<UploadGroup, number> = { moving: 0, failed: 0, waiting: 0, held: 0, home: 0, leftOut: 0 }
  for (const { state, clipCount } of found) counts[groupOfState[state]] += clipCount
  return counts
}

function queueOrder(): { rank: SQL<number>; key: SQL<number> } {
  const ranks = Object.entries(groupOfState).map(
    ([state, group]) => sql`when ${state} then ${sql.raw(String(uploadGroups.indexOf(group)))}`,
  )
  const rank = sql<number>`(case ${deviceUploads.state} ${sql.join(ranks, sql` `)} end)::int`
  const capturedMs = sql`extract(epoch from coalesce(${deviceUploads.capturedAt}, ${deviceUploads.receivedAt})) * 1000`
  const newestFirst = sql`${deviceUploads.state} in (${sql.join(
    [...statesOf('home'), ...statesOf('leftOut')].map((state) => sql`${state}`),
    sql`, `,
  )})`
  return { rank, key: sql<number>`(case when ${newestFirst} then -1 else 1 end * ${capturedMs})::float8` }
}
