import {
  auditEvents,
  commandExecutions,
  commands,
  connections,
  type Database,
  deviceEvents,
  purgeReceipts,
} from '@rushes/db'
import type { CommandBody, CommandResult, ExecutionState, LifecycleEvent } from '@rushes/protocol'
import { sql } from 'drizzle-orm'

/** Something that happened to a device, from whatever source knows of it. `at` is the server's clock; ready for JSON. */
export type TimelineEntry = { id: string; at: string } & (
  | { kind: 'connected'; agentVersion: string | null; remoteAddress: string | null }
  | { kind: 'disconnected'; because: string }
  | { kind: 'audit'; action: string; actorName: string; reason: string | null; after: Record<string, unknown> | null }
  | { kind: 'event'; deviceAt: string; body: LifecycleEvent['body'] }
  | {
      kind: 'execution'
      commandId: string
      body: CommandBody
      state: ExecutionState
      result: CommandResult | null
      error: { code: string; message: string } | null
    }
  | {
      kind: 'receipt'
      projectEpoch: number
      clearedCount: number
      clearedBytes: number
      abortedCount: number
      idsXxh64: string
    }
)

export type TimelineCursor = { at: string; id: string }
export type TimelinePage = { entries: TimelineEntry[]; next: TimelineCursor | null }

/**
 * One page of a device's timeline, the newest first: connections, what people changed, what commands did, receipts, and the
 * device's own events. Of clips only failures are told here; their whole story is on the clip.
 */
export async function listTimeline(
  { db }: { db: Database },
  input: { deviceId: string; after: TimelineCursor | null; limit: number },
): Promise<TimelinePage> {
  const { deviceId, after } = input
  const result = await db.execute<{ id: string; at: string | Date; detail: TimelineDetail }>(sql`
    select entry.id, entry.at, entry.detail from (
      select 'connected-' || epoch as id, opened_at as at,
        jsonb_build_object('kind', 'connected', 'agentVersion', agent_version, 'remoteAddress', remote_address) as detail
      from ${connections} where device_id = ${deviceId}
      union all
      select 'disconnected-' || epoch, closed_at, jsonb_build_object('kind', 'disconnected', 'because', close_reason)
      from ${connections} where device_id = ${deviceId} and closed_at is not null
      union all
      select 'audit-' || id, at, jsonb_build_object('kind', 'audit', 'action', action, 'actorName', actor_name,
        'reason', reason, 'after', after)
      from ${auditEvents} where device_id = ${deviceId} and action <> 'device.purgeReceipt' -- its receipt tells it
      union all
      select 'event-' || e.id, e.received_at, jsonb_build_object('kind', 'event', 'body', e.body, 'deviceAt', e.at)
      from ${deviceEvents} e
      where e.device_id = ${deviceId} and case e.body->>'kind'
        when 'uploadChanged' then e.body->'upload'->>'state' = 'failed'
        when 'projectChanged' then not exists (select from ${purgeReceipts} r
          where r.device_id = e.device_id and r.project_epoch = (e.body->>'projectEpoch')::int)
        else true end
      union all
      select 'execution-' || x.id, x.finalized_at, jsonb_build_object('kind', 'execution', 'commandId', x.command_id,
        'body', c.body, 'state', x.state, 'result', x.result, 'error', case when x.error_code is null then null
        else jsonb_build_object('code', x.error_code, 'message', coalesce(x.error_message, '')) end)
      from ${commandExecutions} x join ${commands} c on c.id = x.command_id
      where x.device_id = ${deviceId} and x.finalized_at is not null
      union all
      select 'receipt-' || project_epoch, received_at, jsonb_build_object('kind', 'receipt', 'projectEpoch', project_epoch,
        'clearedCount', cleared_count, 'clearedBytes', cleared_bytes, 'abortedCount', aborted_count, 'idsXxh64', ids_xxh64)
      from ${purgeReceipts} where device_id = ${deviceId}
    ) entry
    where ${after === null ? sql`true` : sql`(entry.at, entry.id) < (${after.at}::timestamptz, ${after.id})`}
    order by entry.at desc, entry.id desc limit ${input.limit + 1}`)
  const entries = result.rows
    .slice(0, input.limit)
    .map(({ id, at, detail }): TimelineEntry => ({ ...detail, id, at: new Date(at).toISOString() }))
  const last = entries.at(-1)
  return { entries, next: result.rows.length > input.limit && last !== undefined ? { at: last.at, id: last.id } : null }
}

/** What the statement above builds, kind by kind. */
type TimelineDetail = TimelineEntry extends infer Entry
  ? Entry extends TimelineEntry
    ? Omit<Entry, 'id' | 'at'>
    : never
  : never
