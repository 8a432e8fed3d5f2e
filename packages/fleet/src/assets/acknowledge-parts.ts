import { runStatement } from '@rushes/db'
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

type Row = { assetId: string; isHeld: boolean; isAcknowledged: boolean; isOnly: boolean }

/**
 * The clips are locked, so that this waits for whoever is about to close one, and they for it: an acknowledged last part is
 * never given up. The last chunk of a clip of known size says nothing about the others, which may take as long as their URLs
 * live; the final part of a real-time one begins the grace.
 */
const statement = (wait: boolean) => `
  with told as (
    select * from unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[])
      with ordinality as told(asset_id, number, generation, size_bytes, offset_bytes, xxh64, nth)
  ),
  held as materialized (
    select asset.* from (select distinct asset_id from told order by asset_id) asked,
      lateral (
        select id, state, upload_kind from assets where id = asked.asset_id for share${wait ? '' : ' skip locked'}
      ) asset
  ),
  acknowledged as (
    update asset_parts part set acknowledged_at = $7::timestamptz, received_xxh64 = told.xxh64, lies_apart = told.offset_bytes is null
    from told join held on held.id = told.asset_id
    where held.state = 'created' and part.asset_id = told.asset_id and part.number = told.number
      and part.generation = told.generation and part.size_bytes = told.size_bytes
      and (told.offset_bytes is null or part.offset_bytes = told.offset_bytes
        and (part.acknowledged_at is null or part.received_xxh64 = told.xxh64 and not part.lies_apart))
    returning told.nth, part.asset_id, part.number, part.is_final, held.upload_kind
  ),
  ended as (
    update assets set final_part_at = coalesce(final_part_at, $7::timestamptz) from acknowledged
    where assets.id = acknowledged.asset_id and acknowledged.is_final and acknowledged.upload_kind = 'realtime'
  )
  select told.asset_id as "assetId", held.id is not null as "isHeld", acknowledged.nth is not null as "isAcknowledged",
    coalesce(acknowledged.is_final and acknowledged.number = 1, false) as "isOnly"
  from told left join held on held.id = told.asset_id left join acknowledged on acknowledged.nth = told.nth
  order by told.nth`
const waiting = statement(true)
const skipping = statement(false)

/**
 * Notes that the bytes of parts are durable. Call it only after the store has synced them. Safe to repeat; `busy` for parts of
 * a clip that somebody else is changing, unless it is waited for. Of bytes that lie apart the last acknowledged ones
 * count; bytes in place count only while no others do, since nobody may have written over those.
 */
export async function acknowledgeParts(
  { db, now, wait }: Together,
  inputs: readonly AcknowledgePartInput[],
): Promise<(AcknowledgePartOutcome | typeof busy)[]> {
  const rows = await runStatement<Row>(db, wait ? waiting : skipping, [
    inputs.map(({ assetId }) => assetId),
    inputs.map(({ number }) => number),
    inputs.map(({ generation }) => generation),
    inputs.map(({ sizeBytes }) => sizeBytes),
    inputs.map(({ writtenAtBytes }) => writtenAtBytes),
    inputs.map(({ receivedXxh64 }) => receivedXxh64),
    now.toISOString(),
  ])
  // Asked after the acknowledgements have been committed: of two last parts at once, the later one sees both. The first part, if it is the
  // final one, is all there is.
  const ofSeveral = rows.filter(({ isAcknowledged, isOnly }) => isAcknowledged && !isOnly)
  const whole = await whichAreWhole(db, [...new Set(ofSeveral.map(({ assetId }) => assetId))])
  return rows.map(({ assetId, isHeld, isAcknowledged, isOnly }) => {
    if (isAcknowledged) return { kind: 'acknowledged', isWhole: isOnly || whole.has(assetId) }
    return isHeld || wait ? { kind: 'superseded' } : busy
  })
}
