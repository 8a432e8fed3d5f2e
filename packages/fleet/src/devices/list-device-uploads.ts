import { assets, type Database, deviceUploads } from '@rushes/db'
import { groupOf, groupOfState, type UploadGroup, uploadGroups } from '@rushes/upload-core'
import { and, asc, count, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { isReportedAsset } from '../custody/unsound-clips.ts'
import { mismatchBecause } from './select-uploads.ts'
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
    .select({ upload: deviceUploads, mismatchBecause: mismatchBecause(), rank, key })
    .from(deviceUploads)
    .leftJoin(assets, isReportedAsset())
    .where(
      and(
        eq(deviceUploads.deviceId, input.deviceId),
        input.groups === null ? undefined : inArray(groupInSql(), [...input.groups]),
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
    rows: page.map((row) => toUploadRow(row)),
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
  const isUnsound = sql<boolean>`${mismatchBecause()} is not null`.as('is_unsound')
  const found = await db
    .select({ state: deviceUploads.state, isUnsound, clipCount: count() })
    .from(deviceUploads)
    .leftJoin(assets, isReportedAsset())
    .where(eq(deviceUploads.deviceId, input.deviceId))
    .groupBy(deviceUploads.state, sql`is_unsound`)
  const counts: Record<UploadGroup, number> = { moving: 0, failed: 0, waiting: 0, held: 0, home: 0, leftOut: 0 }
  for (const { state, isUnsound, clipCount } of found) counts[groupOf(state, isUnsound)] += clipCount
  return counts
}

/** As `groupOf` says it. */
function groupInSql(): SQL<UploadGroup> {
  const cases = Object.entries(groupOfState).map(([state, group]) => sql`when ${state} then ${group}`)
  const ofState = sql`case ${deviceUploads.state} ${sql.join(cases, sql` `)} end`
  return sql<UploadGroup>`(case when ${mismatchBecause()} is not null and ${ofState} = 'home' then 'failed' else ${ofState} end)`
}

function queueOrder(): { rank: SQL<number>; key: SQL<number> } {
  const group = groupInSql()
  const ranks = uploadGroups.map((name, rank) => sql`when ${name} then ${sql.raw(String(rank))}`)
  const capturedMs = sql`extract(epoch from coalesce(${deviceUploads.capturedAt}, ${deviceUploads.receivedAt})) * 1000`
  return {
    rank: sql<number>`(case ${group} ${sql.join(ranks, sql` `)} end)::int`,
    key: sql<number>`(case when ${group} in ('home', 'leftOut') then -1 else 1 end * ${capturedMs})::float8`,
  }
}
