import { assets, type Database, runStatement } from '@rushes/db'
import { getTableColumns } from 'drizzle-orm'
import type { NewClip } from './new-clip.ts'

const columns = Object.entries(getTableColumns(assets))

/** Every clip is written with the same columns; the others keep their defaults. */
const statement = (names: string) => `
  with registered as (
    insert into assets (${names}) select ${names} from json_populate_recordset(null::assets, $1::json)
  )
  insert into asset_parts (asset_id, number, size_bytes, offset_bytes, is_final)
  select id, nth, least("partSizeBytes", "filesizeBytes" - (nth - 1) * "partSizeBytes"), (nth - 1) * "partSizeBytes",
    nth = "partCount"
  from json_to_recordset($2::json)
      as cut(id uuid, "filesizeBytes" bigint, "partCount" integer, "partSizeBytes" bigint),
    generate_series(1, "partCount") nth`

/**
 * Writes new clips and their parts with one statement of two values, however many there are: of a small clip, writing its rows
 * is most of the work.
 */
export async function registerClips(tx: Database, clips: readonly NewClip[]): Promise<void> {
  const [first] = clips
  if (first === undefined) return
  const written = columns.filter(([field]) => field in first.asset)
  const rows = clips.map(({ asset }) => {
    const values: Record<string, unknown> = asset
    return Object.fromEntries(written.map(([field, { name }]) => [name, values[field]]))
  })
  const cuts = clips.flatMap(({ asset, cut }) => (cut === null ? [] : [{ id: asset.id, ...cut }]))
  const names = written.map(([, { name }]) => name).join(', ')
  await runStatement(tx, statement(names), [JSON.stringify(rows), JSON.stringify(cuts)])
}
