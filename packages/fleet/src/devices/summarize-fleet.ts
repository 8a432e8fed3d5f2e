import type { Database } from '@rushes/db'
import type { Standing } from '@rushes/upload-core'
import { count, eq, sql } from 'drizzle-orm'
import { countUnsound } from '../custody/count-unsound.ts'
import { standingRows } from './standing-rows.ts'

/** The fleet, or the devices of one project, in numbers. Counts of clips and bytes are by the devices' own account, but for one. */
export type FleetSummary = {
  deviceCount: number
  byStanding: Partial<Record<Standing, number>>
  onlineCount: number
  /** Our agents that are not connected now. */
  offlineCount: number
  sharingPausedCount: number
  /** Devices that have never told of their clips, so that nothing below covers them. */
  unreportedCount: number
  clips: {
    homeCount: number
    totalCount: number
    failedCount: number
    heldCount: number
    leftOutCount: number
    /** Stored clips that are not sound, by the destination's own account; those that devices call verified are not counted as home. */
    unsoundCount: number
    /** How many of them devices call verified all the same. */
    unsoundVerifiedCount: number
  }
  bytes: { captured: number; acknowledged: number; verified: number; waiting: number }
}

/** Counts devices by standing and adds up what they report. */
export async function summarizeFleet(
  { db }: { db: Database },
  input: { projectId?: string } = {},
): Promise<FleetSummary> {
  const rows = standingRows(db)
  const bytesOf = (key: string) =>
    sql<number>`coalesce(sum((${rows.status}->'bytes'->>${sql.raw(`'${key}'`)})::float8), 0)::float8`
  const clipsOf = (...states: string[]) =>
    sql<number>`coalesce(sum(${sql.join(
      states.map((state) => sql`coalesce((${rows.status}->'counts'->>${sql.raw(`'${state}'`)})::int, 0)`),
      sql` + `,
    )}), 0)::int`
  const found = await db
    .select({
      standing: sql<Standing>`${rows.standing}`,
      deviceCount: count(),
      onlineCount: sql<number>`(count(*) filter (where ${rows.presence} = 'online'))::int`,
      offlineCount: sql<number>`(count(*) filter (where ${rows.presence} in ('offline', 'neverConnected')))::int`,
      sharingPausedCount: sql<number>`(count(*) filter (where ${rows.isSharingPaused}))::int`,
      unreportedCount: sql<number>`(count(*) filter (where ${rows.status} is null))::int`,
      homeCount: sql<number>`coalesce(sum(${rows.homeCount}), 0)::int`,
      totalCount: sql<number>`coalesce(sum(${rows.totalCount}), 0)::int`,
      unsoundVerifiedCount: sql<number>`coalesce(sum(${rows.unsoundVerifiedCount}), 0)::int`,
      failedCount: clipsOf('failed'),
      heldCount: clipsOf('held'),
      leftOutCount: clipsOf('blocked', 'cancelled', 'cleared', 'refused'),
      captured: bytesOf('captured'),
      acknowledged: bytesOf('acknowledged'),
      verified: sql<number>`greatest(0, ${bytesOf('verified')} - coalesce(sum(${rows.unsoundVerifiedBytes}), 0))::float8`,
      waiting: bytesOf('waiting'),
    })
    .from(rows)
    .where(input.projectId === undefined ? undefined : eq(rows.projectId, input.projectId))
    .groupBy(rows.standing)
  const total = (pick: (row: (typeof found)[number]) => number) => found.reduce((sum, row) => sum + pick(row), 0)
  return {
    deviceCount: total((row) => row.deviceCount),
    byStanding: Object.fromEntries(found.map((row) => [row.standing, row.deviceCount])),
    onlineCount: total((row) => row.onlineCount),
    offlineCount: total((row) => row.offlineCount),
    sharingPausedCount: total((row) => row.sharingPausedCount),
    unreportedCount: total((row) => row.unreportedCount),
    clips: {
      homeCount: total((row) => row.homeCount),
      totalCount: total((row) => row.totalCount),
      failedCount: total((row) => row.failedCount),
      heldCount: total((row) => row.heldCount),
      leftOutCount: total((row) => row.leftOutCount),
      unsoundCount: await countUnsound(db, input),
      unsoundVerifiedCount: total((row) => row.unsoundVerifiedCount),
    },
    bytes: {
      captured: total((row) => row.captured),
      acknowledged: total((row) => row.acknowledged),
      verified: total((row) => row.verified),
      waiting: total((row) => row.waiting),
    },
  }
}
