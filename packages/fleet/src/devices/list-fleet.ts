import type { Database } from '@rushes/db'
import type { Standing } from '@rushes/upload-core'
import { and, asc, count, desc, eq, inArray, like, or, type SQL, sql } from 'drizzle-orm'
import type { FleetRow } from './fleet-row.ts'
import { fleetRows } from './fleet-rows.ts'
import { standingRows } from './standing-rows.ts'

export const fleetSorts = ['name', 'project', 'standing', 'remaining', 'seen'] as const
export type FleetSort = (typeof fleetSorts)[number]

export type FleetFilter = {
  /** Part of the name, the project or the host, in any case. */
  search?: string
  projectId?: string
  standings?: readonly Standing[]
  presence?: 'online' | 'offline'
  isSharingPaused?: true
}

/** Where a page ended: the sort keys of its last row. Only good with the same filter and sort. */
export type FleetCursor = { rank: number; text: string; deviceId: string }

export type FleetPage = {
  rows: FleetRow[]
  next: FleetCursor | null
  /** How many match the filter; counted for the first page alone. */
  totalCount: number | null
}

/** One page of the fleet. The order is total, so that pages neither skip nor repeat a row that stands still. */
export async function listFleet(
  { db }: { db: Database },
  input: { filter: FleetFilter; sort: FleetSort; descending: boolean; after: FleetCursor | null; limit: number },
): Promise<FleetPage> {
  const rows = standingRows(db)
  const { rank, text } = sortKeys(rows, input.sort)
  const direction = input.descending ? desc : asc
  const matches = matching(rows, input.filter)
  const beyond =
    input.after === null
      ? undefined
      : sql`(${rank}, ${text}, ${rows.id}) ${sql.raw(input.descending ? '<' : '>')} (${input.after.rank}::float8, ${input.after.text}, ${input.after.deviceId}::uuid)`
  const found = await db
    .select({ deviceId: rows.id, rank, text })
    .from(rows)
    .where(and(matches, beyond))
    .orderBy(direction(rank), direction(text), direction(rows.id))
    .limit(input.limit + 1)
  const page = found.slice(0, input.limit)
  const [counted] = input.after === null ? await db.select({ total: count() }).from(rows).where(matches) : []
  const byId = new Map(
    (await fleetRows({ db }, { deviceIds: page.map((row) => row.deviceId) })).map((row) => [row.deviceId, row]),
  )
  return {
    rows: page.flatMap(({ deviceId }) => byId.get(deviceId) ?? []),
    next: found.length > input.limit ? (page.at(-1) ?? null) : null,
    totalCount: counted?.total ?? null,
  }
}

type StandingRows = ReturnType<typeof standingRows>

function matching(rows: StandingRows, filter: FleetFilter): SQL | undefined {
  const needle = `%${(filter.search ?? '').toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
  return and(
    filter.search === undefined || filter.search === ''
      ? undefined
      : or(like(rows.name, needle), like(rows.projectName, needle), like(rows.hostname, needle)),
    filter.projectId === undefined ? undefined : eq(rows.projectId, filter.projectId),
    filter.standings === undefined ? undefined : inArray(rows.standing, [...filter.standings]),
    filter.presence === undefined ? undefined : presenceIs(rows, filter.presence),
    filter.isSharingPaused === undefined ? undefined : eq(rows.isSharingPaused, true),
  )
}

const presenceIs = (rows: StandingRows, presence: 'online' | 'offline') =>
  inArray(rows.presence, presence === 'online' ? ['online'] : ['offline', 'neverConnected'])

/** A number, then a text, then the id: enough for every sort, and one comparison for every cursor. */
function sortKeys(rows: StandingRows, sort: FleetSort): { rank: SQL<number>; text: SQL<string> } {
  const text = sql<string>`${rows.name}`
  switch (sort) {
    case 'name':
      return { rank: sql<number>`0::float8`, text }
    case 'project':
      return {
        rank: sql<number>`(case when ${rows.projectName} is null then 1 else 0 end)::float8`,
        text: sql<string>`coalesce(${rows.projectName}, '') || chr(1) || ${rows.name}`,
      }
    case 'standing':
      return { rank: troubleRank(rows.standing), text }
    case 'remaining':
      return { rank: sql<number>`-coalesce((${rows.status}->'bytes'->>'waiting')::float8, 0)`, text }
    case 'seen':
      return { rank: sql<number>`-coalesce(${rows.lastSeenMs}, 0)::float8`, text }
    default:
      return sort satisfies never
  }
}

/** Trouble first: the order in which an operator would look at a wall of devices. */
const troubleRanks: Record<Standing, number> = {
  needsAttention: 0,
  outOfReach: 1,
  changingProject: 2,
  onHold: 3,
  unreported: 4,
  waiting: 5,
  uploading: 6,
  uploadLinkOnly: 7,
  home: 8,
  empty: 9,
  revoked: 10,
}

function troubleRank(standing: SQL.Aliased<string>): SQL<number> {
  const cases = Object.entries(troubleRanks).map(([name, rank]) => sql`when ${name} then ${sql.raw(String(rank))}`)
  return sql<number>`(case ${standing} ${sql.join(cases, sql` `)} end)::float8`
}
