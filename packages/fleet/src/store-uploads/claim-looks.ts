import { sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

export type StoreLook = {
  assetId: string
  /** When addresses were last given out, or parts last found. */
  newsAt: Date
  /** Our agents say when every part is in. */
  isOurAgent: boolean
}

/**
 * Open uploads whose parts are to be looked for in the bucket now, those that wait longest first. They are left alone by others for
 * the lease, so several instances share the work.
 */
export async function claimStoreLooks(
  { db, now }: Clocked,
  input: { limit: number; leaseMs: number },
): Promise<StoreLook[]> {
  const until = new Date(now.getTime() + input.leaseMs)
  const { rows } = await db.execute<{ asset_id: string; news_at: string | Date; is_our_agent: boolean }>(sql`
    with due as (
      select s.asset_id from store_uploads s join assets a on a.id = s.asset_id and a.state = 'created'
      where s.upload_id is not null and s.look_at <= ${now.toISOString()}::timestamptz
      order by s.look_at limit ${input.limit} for update of s skip locked)
    update store_uploads s set look_at = ${until.toISOString()}::timestamptz
    from due, assets a, devices d, device_models m
    where s.asset_id = due.asset_id and a.id = s.asset_id and d.id = a.device_id and m.id = d.model_id
    returning s.asset_id, s.news_at, m.is_our_agent`)
  return rows.map((row) => ({
    assetId: row.asset_id,
    newsAt: new Date(row.news_at),
    isOurAgent: row.is_our_agent,
  }))
}
