import { assetParts, assets, projects } from '@rushes/db'
import { asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import { busy, type Clocked, type Together } from '../context.ts'
import { whichAreWhole } from './is-whole.ts'

/** A clip that is being put together. */
export type AssemblingAsset = {
  id: string
  deviceId: string
  project: { id: string; name: string }
  name: string
  filetype: string
  folder: string
  /** Where the parts are gathered, or the place in the tree that is reserved for it. */
  storeKey: string
  sizeBytes: number
  /** When the last of its parts was in. */
  lastPartAt: Date
  /** In order, without gaps in the bytes. */
  parts: AssemblingPart[]
}

export type AssemblingPart = {
  number: number
  sizeBytes: number
  /** Where it begins in the clip. */
  offsetBytes: number
  /** Where its bytes lie in the file that gathers the parts; null where they lie apart, or in a bucket, which has no places. */
  liesAtBytes: number | null
  /** The digest of bytes that lie apart, else null. */
  apartXxh64: string | null
}

export type BeginAssemblyInput = {
  assetId: string
  /** Where it would stand if nobody else did; null where it stays under the key of its upload. */
  placeFor: (asset: AssemblingAsset) => string | null
}

export type BeginAssemblyOutcome =
  /** Also when it had begun before a crash: assembling again does no harm. */
  | { kind: 'begun'; asset: AssemblingAsset }
  /** A part is missing. */
  | { kind: 'notWhole' }
  /** Available, failed or closed already. */
  | { kind: 'over' }

/**
 * Ends the taking in of parts of clips of which every one is there. From here on no part of them changes, and the place of each is
 * written down before anything stands there, if it is free: after a crash that is where to look. `busy` for clips that
 * somebody else is changing, unless they are waited for.
 */
export async function beginAssemblies(
  { db, now, wait }: Together,
  inputs: readonly BeginAssemblyInput[],
): Promise<(BeginAssemblyOutcome | typeof busy)[]> {
  const placeFor = new Map(inputs.map((input) => [input.assetId, input.placeFor]))
  return db.transaction(async (tx) => {
    const held = await tx
      .select({ ...getTableColumns(assets), project: { id: projects.id, name: projects.name } })
      .from(assets)
      .innerJoin(projects, eq(projects.id, assets.projectId))
      .where(inArray(assets.id, [...placeFor.keys()]))
      .orderBy(asc(assets.id)) // two who lock several never wait for each other
      .for('no key update', { of: assets, ...(wait ? {} : { skipLocked: true }) })
    const taking = held.filter(({ state }) => state === 'created').map(({ id }) => id)
    const whole = await whichAreWhole(tx, taking)
    const begun = held.filter(({ id, state }) => state === 'assembling' || whole.has(id))
    const placed = await placedParts(tx, begun)
    const outcomes = new Map<string, BeginAssemblyOutcome>(
      held.map(({ id, state }) => [id, { kind: state === 'created' ? 'notWhole' : 'over' }]),
    )
    const clips = begun.map(({ id, deviceId, project, name, filetype, folder, storeKey, state }) => {
      const clip = placed.get(id) ?? { parts: [], sizeBytes: 0, lastPartAt: now }
      const asset: AssemblingAsset = { id, deviceId, project, name, filetype, folder, storeKey, ...clip }
      return { asset, place: state === 'created' ? (placeFor.get(id)?.(asset) ?? null) : null }
    })
    const storeKeys = await writeBegun(tx, now, clips)
    for (const { asset } of clips)
      outcomes.set(asset.id, {
        kind: 'begun',
        asset: { ...asset, storeKey: storeKeys.get(asset.id) ?? asset.storeKey },
      })
    return inputs.map(({ assetId }) => outcomes.get(assetId) ?? (wait ? { kind: 'over' } : busy))
  })
}

/** Gives each clip its place unless another one has it; of two that want the same, one. Where they stand now, by clip. */
async function writeBegun(
  tx: Clocked['db'],
  now: Date,
  clips: readonly { asset: AssemblingAsset; place: string | null }[],
): Promise<Map<string, string>> {
  if (clips.length === 0) return new Map()
  const { rows } = await tx.execute<{ id: string; store_key: string }>(sql`
    update assets set state = 'assembling', filesize_bytes = begun.size_bytes, updated_at = ${now.toISOString()}::timestamptz,
      store_key = coalesce(begun.place, assets.store_key)
    from (
      select id, size_bytes, case
        when row_number() over (partition by place order by id) = 1
          and not exists (select from assets other where other.store_key = wanted.place and other.id <> wanted.id)
        then place end as place
      from unnest(${sql.param(clips.map(({ asset }) => asset.id))}::uuid[],
        ${sql.param(clips.map(({ asset }) => asset.sizeBytes))}::bigint[],
        ${sql.param(clips.map(({ place }) => place))}::text[]) wanted(id, size_bytes, place)
    ) begun
    where assets.id = begun.id
    returning assets.id, assets.store_key`)
  return new Map(rows.map(({ id, store_key }) => [id, store_key]))
}

/** Parts of clips one after the other, as they will lie in the file. */
async function placedParts(tx: Clocked['db'], clips: readonly { id: string }[]) {
  const placed = new Map<string, Pick<AssemblingAsset, 'parts' | 'sizeBytes' | 'lastPartAt'>>()
  if (clips.length === 0) return placed
  const ids = clips.map(({ id }) => id)
  const rows = await tx
    .select({
      assetId: assetParts.assetId,
      number: assetParts.number,
      sizeBytes: assetParts.sizeBytes,
      acknowledgedAt: assetParts.acknowledgedAt,
      placeBytes: assetParts.offsetBytes,
      liesApart: assetParts.liesApart,
      receivedXxh64: assetParts.receivedXxh64,
    })
    .from(assetParts)
    .where(inArray(assetParts.assetId, ids))
    .orderBy(asc(assetParts.assetId), asc(assetParts.number))
  for (const { assetId, number, sizeBytes, acknowledgedAt, placeBytes, liesApart, receivedXxh64 } of rows) {
    const clip = placed.get(assetId) ?? { parts: [], sizeBytes: 0, lastPartAt: new Date(0) }
    const lies = liesApart
      ? { liesAtBytes: null, apartXxh64: receivedXxh64 }
      : { liesAtBytes: placeBytes, apartXxh64: null }
    clip.parts.push({ number, sizeBytes, offsetBytes: clip.sizeBytes, ...lies })
    clip.sizeBytes += sizeBytes
    if (acknowledgedAt !== null && acknowledgedAt > clip.lastPartAt) clip.lastPartAt = acknowledgedAt
    placed.set(assetId, clip)
  }
  return placed
}
