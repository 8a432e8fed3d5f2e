import type { Database } from '@rushes/db'
import { reasonCodes, reasons, type UploadState } from '@rushes/protocol'
import { type SQL, sql } from 'drizzle-orm'
import { type ClipCursor, type ClipRow, clip, clipRows, selectClips } from './clip-rows.ts'

export type UploadFilter = {
  /** Part of the path on the device or of the name, also one that a person gave; in any case. */
  search?: string
  states?: readonly UploadState[]
  custody?: readonly NonNullable<ClipRow['custody']>[]
  deviceId?: string
  projectId?: string
  /** Only what does not become whole without a person: see `attentionStates`. */
  needsAttention?: boolean
}

/** States that no clip leaves by itself, other than by having arrived or by a person's own decision. */
const attentionStates = ['failed', 'held', 'blocked', 'refused'] as const satisfies readonly UploadState[]

/** What the device knows is out of date: the bytes arrived, and are no longer what they were. */
const hasSpoiled = sql`(${clip.state} in ('verified', 'uploaded') and ${clip.custody} is not distinct from 'mismatch')`

/** Reasons for waiting that a person has to resolve. */
const attentionReasons = reasonCodes.filter((code) => reasons[code].severity === 'problem')

export type UploadPage = { rows: ClipRow[]; next: ClipCursor | null }

/** One page of the clips of the fleet, the newest capture first. */
export async function listUploads(
  { db }: { db: Database },
  input: { filter: UploadFilter; after: ClipCursor | null; limit: number },
): Promise<UploadPage> {
  const { after } = input
  const beyond =
    after === null
      ? sql`true`
      : sql`(${clip.sortAt}, ${clip.deviceId}, ${clip.uploadKey}) < (${after.at}::timestamptz, ${after.deviceId}::uuid, ${after.key})`
  const found = await selectClips(
    db,
    sql`where ${matching(input.filter)} and ${beyond}
      order by ${clip.sortAt} desc, ${clip.deviceId} desc, ${clip.uploadKey} desc limit ${input.limit + 1}`,
  )
  const page = found.slice(0, input.limit)
  return {
    rows: page.map(({ cursor: _, ...row }) => row),
    next: found.length > input.limit ? (page.at(-1)?.cursor ?? null) : null,
  }
}

/**
 * How many clips there are in each state, for the filters of the list; `states` and `custody` of the filter are left aside. Clips
 * that arrived and whose stored bytes differ are counted apart, unless it is asked what needs attention.
 */
export async function countUploads(
  { db }: { db: Database },
  input: { filter: UploadFilter },
): Promise<Partial<Record<UploadState | 'bytesDiffer', number>>> {
  const { states: _states, custody: _custody, ...filter } = input.filter
  const counted =
    filter.needsAttention === true ? clip.state : sql`case when ${hasSpoiled} then 'bytesDiffer' else ${clip.state} end`
  const result = await db.execute<{ state: UploadState | 'bytesDiffer'; count: number }>(
    sql`select ${counted} as state, count(*)::int as count from ${clipRows()} where ${matching(filter)} group by 1`,
  )
  return Object.fromEntries(result.rows.map((row) => [row.state, row.count]))
}

function matching(filter: UploadFilter): SQL {
  const conditions = [sql`true`]
  if (filter.search !== undefined && filter.search !== '')
    conditions.push(sql`${clip.searchText} like ${`%${filter.search.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`}`)
  if (filter.states !== undefined) {
    conditions.push(isIn(clip.state, filter.states))
    if (filter.needsAttention !== true) conditions.push(sql`not ${hasSpoiled}`)
  }
  if (filter.custody !== undefined) conditions.push(isIn(clip.custody, filter.custody))
  if (filter.deviceId !== undefined) conditions.push(sql`${clip.deviceId} = ${filter.deviceId}`)
  if (filter.projectId !== undefined) conditions.push(sql`${clip.projectId} = ${filter.projectId}`)
  if (filter.needsAttention === true)
    conditions.push(
      sql`(${isIn(clip.state, attentionStates)} or ${clip.custody} = 'mismatch'
        or (${clip.state} = 'waiting' and ${isIn(clip.reason, attentionReasons)}))`,
    )
  return sql.join(conditions, sql` and `)
}

const isIn = (column: SQL, values: readonly string[]) =>
  values.length === 0
    ? sql`false`
    : sql`${column} in (${sql.join(
        values.map((value) => sql`${value}`),
        sql`, `,
      )})`
