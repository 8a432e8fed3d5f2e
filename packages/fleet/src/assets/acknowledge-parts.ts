import { sql } from 'drizzle-orm'
import { busy, type Together } from '../context.ts'
import { whichAreWhole } from './is-whole.ts'

export type AcknowledgePartInput = {
  assetId: string
  number: number
  /** The generation of the URL that it came by. */
  generation: number
  sizeBytes: number
  /** Where it was written in place; null when it lies apart, under its digest, and is moved at assembly. */
  writtenAtBytes: number | null
  receivedXxh64: string
}

export type AcknowledgePartOutcome =
  /** `isWhole`: it was the last one missing; the clip can be assembled. */
  | { kind: 'acknowledged'; isWhole: boolean }
  /**
   * The part was registered anew meanwhile, or the upload has ended, or, for bytes in place, others that lie apart were
   * acknowledged first: these bytes count for nothing.
   */
  | { kind: 'superseded' }

/**
 * Notes that the bytes of parts are durable. Call it only after the store has synced them. Safe to repeat; `busy` for parts of
 * a clip that somebody else is changing, unless it is waited for. Of bytes that lie apart the last acknowledged ones
 * count; bytes in place count only while no others do, since nobody may have written over those.
 */
export async function acknowledgeParts(
  { db, now, wait }: Together,
  inputs: readonly AcknowledgePartInput[],
): Promise<(AcknowledgePartOutcome | typeof busy)[]> {
  const column = <T>(of: (input: AcknowledgePartInput) => T) => sql.param(inputs.map(of))
  const instant = sql`${now.toISOString()}::timestamptz`
  // The clips are locked, so that this waits for whoever is about to close one, and they for it: an acknowledged last part is
  // never given up. The last chunk of a clip of known size says nothing about the others, which may take as long as their URLs
  // live; the final part of a real-time one begins the grace.
  const { rows } = await db.execute<{ asset_id: string; is_held: boolean; is_acknowledged: boolean }>(sql`
    with told as (
      select * from unnest(
        ${column((input) => input.assetId)}::uuid[],
        ${column((input) => input.number)}::integer[],
        ${column((input) => input.generation)}::integer[],
        ${column((input) => input.sizeBytes)}::bigint[],
        ${column((input) => input.writtenAtBytes)}::bigint[],
        ${column((input) => input.receivedXxh64)}::text[]
      ) with ordinality as told(asset_id, number, generation, size_bytes, offset_bytes, xxh64, nth)
    ),
    held as materialized (
      select id, state from assets where id in (select asset_id from told)
      for share ${sql.raw(wait ? '' : 'skip locked')}
    ),
    acknowledged as (
      update asset_parts part set acknowledged_at = ${instant}, received_xxh64 = told.xxh64, lies_apart = told.offset_bytes is null
      from told join held on held.id = told.asset_id
      where held.state = 'created' and part.asset_id = told.asset_id and part.number = told.number
        and part.generation = told.generation and part.size_bytes = told.size_bytes
        and (told.offset_bytes is null or part.offset_bytes = told.offset_bytes
          and (part.acknowledged_at is null or part.received_xxh64 = told.xxh64 and not part.lies_apart))
      returning told.nth, part.asset_id, part.is_final
    ),
    ended as (
      update assets set final_part_at = coalesce(final_part_at, ${instant}) from acknowledged
      where assets.id = acknowledged.asset_id and acknowledged.is_final and assets.upload_kind = 'realtime'
    )
    select told.asset_id, held.id is not null as is_held, acknowledged.nth is not null as is_acknowledged
    from told left join held on held.id = told.asset_id left join acknowledged on acknowledged.nth = told.nth
    order by told.nth`)
  // Asked after the acknowledgements have been committed: of two last parts at once, the later one sees both.
  const whole = await whichAreWhole(db, [
    ...new Set(rows.filter((row) => row.is_acknowledged).map((row) => row.asset_id)),
  ])
  return rows.map((row) => {
    if (row.is_acknowledged) return { kind: 'acknowledged', isWhole: whole.has(row.asset_id) }
    return row.is_held || wait ? { kind: 'superseded' } : busy
  })
}
