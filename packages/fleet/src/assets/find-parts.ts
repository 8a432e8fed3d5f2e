import { type Database, runStatement } from '@rushes/db'

export type PartAddress = { assetId: string; number: number }

/** What decides how the bytes of a part are taken in. */
export type FoundPart = {
  assetState: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  storeKey: string
  filetype: string
  generation: number
  sizeBytes: number
  /** Where its bytes belong in the file that gathers the parts, and once the clip is available in that; null while it has no place. */
  offsetBytes: number | null
  /** Digest of the bytes that are durable; null while there are none. */
  acknowledgedXxh64: string | null
}

type Row = {
  nth: string
  state: FoundPart['assetState']
  storeKey: string
  filetype: string
  generation: number
  sizeBytes: string
  offsetBytes: string | null
  acknowledgedXxh64: string | null
}

/** One look along the index for each part, whatever the planner believes of tables that have just grown: that is what `offset 0` is for. */
const statement = `
  select asked.nth, asset.state, asset.store_key as "storeKey", asset.filetype, part.generation,
    part.size_bytes as "sizeBytes", part.offset_bytes as "offsetBytes",
    case when part.acknowledged_at is not null then part.received_xxh64 end as "acknowledgedXxh64"
  from unnest($1::uuid[], $2::integer[]) with ordinality asked(asset_id, number, nth),
    lateral (select * from asset_parts where asset_id = asked.asset_id and number = asked.number offset 0) part,
    lateral (select state, store_key, filetype from assets where id = asked.asset_id offset 0) asset`

/** Registered parts; null where there is none of this number. */
export async function findParts(
  { db }: { db: Database },
  addresses: readonly PartAddress[],
): Promise<(FoundPart | null)[]> {
  const rows = await runStatement<Row>(db, statement, [
    addresses.map(({ assetId }) => assetId),
    addresses.map(({ number }) => number),
  ])
  const found: (FoundPart | null)[] = addresses.map(() => null)
  for (const { nth, state, sizeBytes, offsetBytes, ...part } of rows)
    found[Number(nth) - 1] = {
      ...part,
      assetState: state,
      sizeBytes: Number(sizeBytes),
      offsetBytes: offsetBytes === null ? null : Number(offsetBytes),
    }
  return found
}

/** A registered part; null when there is none of this number. */
export async function findPart(given: { db: Database }, address: PartAddress): Promise<FoundPart | null> {
  return (await findParts(given, [address]))[0] ?? null
}
