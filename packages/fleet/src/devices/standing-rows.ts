import {
  connections,
  type Database,
  deviceModels,
  deviceReports,
  devices,
  gateways,
  pauseWindows,
  projects,
} from '@rushes/db'
import { reasonCodes, reasons, type UploadState } from '@rushes/protocol'
import { statesOf, type UploadGroup } from '@rushes/upload-core'
import { desc, eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { unsoundByDevice } from '../custody/unsound-clips.ts'
import { isAlive } from '../presence/online.ts'

/**
 * Every device with what a fleet is filtered, sorted and counted by. `standing` says in SQL what `standingOf` of upload-core
 * says in TypeScript; a test holds the two together.
 */
export function standingRows(db: Database) {
  const newest = db
    .select({
      openedAt: connections.openedAt,
      closedAt: connections.closedAt,
      hostname: connections.hostname,
      isAlive: sql<boolean>`${isAlive()}`.as('is_alive'),
      leaseEndedAt: sql<Date>`coalesce(${gateways.stoppedAt}, ${gateways.leaseUntil})`.as('lease_ended_at'),
    })
    .from(connections)
    .innerJoin(gateways, eq(gateways.id, connections.gatewayId))
    .where(eq(connections.deviceId, devices.id))
    .orderBy(desc(connections.openedAt), desc(connections.epoch))
    .limit(1)
    .as('newest')
  const unsound = unsoundByDevice(db)
  const presence = sql<string>`case
    when ${devices.revokedAt} is not null then 'revoked'
    when not ${deviceModels.isOurAgent} then 'noControlLink'
    when ${newest.openedAt} is null then 'neverConnected'
    when ${newest.closedAt} is null and ${newest.isAlive} then 'online'
    else 'offline' end`
  return db
    .select({
      id: devices.id,
      name: sql<string>`lower(${devices.name})`.as('sort_name'),
      hostname: sql<string | null>`lower(${newest.hostname})`.as('sort_hostname'),
      projectId: devices.projectId,
      projectName: sql<string | null>`lower(coalesce(${projects.name}, ${devices.foreignProjectName}))`.as(
        'sort_project',
      ),
      presence: presence.as('presence'),
      standing: standing(presence, unsound.clipCount).as('standing'),
      isSharingPaused: sql<boolean>`exists (
        select from ${pauseWindows} where ${pauseWindows.deviceId} = ${devices.id} and ${pauseWindows.endedAt} is null
      )`.as('is_sharing_paused'),
      /** Milliseconds since 1970; null when nothing was ever heard. A device that is online counts as seen at the far end. */
      lastSeenMs: sql<number | null>`case
        when ${presence} = 'online' then 9e15
        when ${presence} = 'offline' then extract(epoch from coalesce(${newest.closedAt}, ${newest.leaseEndedAt})) * 1000
        else extract(epoch from ${devices.lastCallAt}) * 1000 end`.as('last_seen_ms'),
      status: deviceReports.status,
      homeCount: sql<number>`greatest(0, ${arrivedCount()} - coalesce(${unsound.reportedVerifiedCount}, 0))`.as(
        'home_count',
      ),
      totalCount: sql<number>`${arrivedCount()} + ${openCount()}`.as('total_count'),
      unsoundVerifiedCount: unsound.reportedVerifiedCount,
      unsoundVerifiedBytes: unsound.reportedVerifiedBytes,
    })
    .from(devices)
    .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
    .leftJoin(projects, eq(projects.id, devices.projectId))
    .leftJoin(deviceReports, eq(deviceReports.deviceId, devices.id))
    .leftJoinLateral(newest, sql`true`)
    .leftJoin(unsound, eq(unsound.deviceId, devices.id))
    .as('standing_rows')
}

function standing(presence: SQL, unsoundCount: SQLWrapper): SQL<string> {
  const { status } = deviceReports
  const isOnline = sql`${presence} = 'online'`
  const isHome = sql`${openCount()} = 0`
  const problems = reasonCodes.filter((code) => reasons[code].severity === 'problem')
  const isHeld = sql`coalesce(${status}->'hold', 'null') <> 'null'`
  return sql<string>`case
    when ${devices.revokedAt} is not null then 'revoked'
    when ${unsoundCount} > 0 or ${countOf('failed')} > 0 or ${status}->>'blockedBy' in ${problems} then 'needsAttention'
    when ${awaitsDevice()} then 'changingProject'
    when not ${deviceModels.isOurAgent} then 'uploadLinkOnly'
    when ${deviceReports.deviceId} is null then case when ${isOnline} then 'unreported' else 'outOfReach' end
    when not ${isOnline} and not ${isHome} then 'outOfReach'
    when ${isHeld} then 'onHold'
    when ${isHome} then case when ${arrivedCount()} = 0 then 'empty' else 'home' end
    when ${countOf('moving')} > 0 then 'uploading'
    else 'waiting' end`
}

/** Moved, and not confirmed: by receipt for our agents, by having read its project for others. */
const awaitsDevice =
  () => sql`(${devices.uploadTo} is null and ${devices.projectEpoch} > 0 and ${devices.projectEpoch} >
  case when ${deviceModels.isOurAgent} then ${devices.purgeReceiptEpoch} else ${devices.meReadEpoch} end)`

const countOf = (group: UploadGroup) => sumOf(statesOf(group))

const isOurs = () => sql`coalesce((${deviceReports.status}->>'destinationIsOurs')::boolean, true)`

/** As `homeOf` counts, by the device's account: at our own ingest only what was verified has arrived. */
const arrivedCount = () =>
  sql<number>`(${sumOf(['verified'])} + case when ${isOurs()} then 0 else ${sumOf(['uploaded'])} end)`

const openCount = () => sql<number>`(${countOf('moving')} + ${countOf('waiting')} + ${countOf('held')} +
  ${countOf('failed')} + case when ${isOurs()} then ${sumOf(['uploaded'])} else 0 end)`

function sumOf(states: readonly UploadState[]): SQL<number> {
  const counts = states.map(
    (state) => sql`coalesce((${deviceReports.status}->'counts'->>${sql.raw(`'${state}'`)})::int, 0)`,
  )
  return sql<number>`(${sql.join(counts, sql` + `)})`
}
