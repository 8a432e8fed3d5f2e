import { sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

export type OpenStoreUploadOutcome =
  /** `uploadId` is null until somebody has asked the bucket for one. `isNew`: nobody can have asked for it before. */
  | { kind: 'open'; uploadId: string | null; isNew: boolean }
  /** The clip takes no parts any more, or there is none of this id. */
  | { kind: 'ended' }

/**
 * Writes down that addresses of parts are about to be given out, before the bucket is asked for a multipart upload: what a crash
 * leaves in the bucket is then found by the key of the clip. Safe to repeat.
 */
export async function openStoreUpload(
  { db, now }: Clocked,
  input: {
    assetId: string
    /** When the bucket is first asked for its parts: devices that tell when they are done can wait longer. */
    firstLookMs: { ourAgents: number; others: number }
  },
): Promise<OpenStoreUploadOutcome> {
  const lookAt = (delayMs: number) => new Date(now.getTime() + delayMs).toISOString()
  const { rows } = await db.execute<{ upload_id: string | null; is_new: boolean }>(sql`
    insert into store_uploads (asset_id, opened_at, news_at, look_at)
    select a.id, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz,
      case when m.is_our_agent then ${lookAt(input.firstLookMs.ourAgents)}::timestamptz
        else ${lookAt(input.firstLookMs.others)}::timestamptz end
    from assets a join devices d on d.id = a.device_id join device_models m on m.id = d.model_id
    where a.id = ${input.assetId}::uuid and a.state = 'created'
    on conflict (asset_id) do update set
      news_at = excluded.news_at, look_at = least(store_uploads.look_at, excluded.look_at)
    returning upload_id, xmax = 0 as is_new`)
  const [row] = rows
  return row === undefined ? { kind: 'ended' } : { kind: 'open', uploadId: row.upload_id, isNew: row.is_new }
}
