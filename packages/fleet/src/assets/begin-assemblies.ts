import { type Database, runStatement } from '@rushes/db'
import { busy, type Together } from '../context.ts'

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

type HeldClip = Pick<AssemblingAsset, 'id' | 'deviceId' | 'name' | 'filetype' | 'folder' | 'storeKey'> & {
  state: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  projectId: string
  projectName: string
}

/** In order of their ids: two who lock several never wait for each other. */
const hold = (wait: boolean) => `
  select clip.id, clip.device_id as "deviceId", clip.name, clip.filetype, clip.folder, clip.store_key as "storeKey", clip.state,
    clip.project_id as "projectId", project.name as "projectName"
  from unnest($1::uuid[]) asked(id),
    lateral (
      select id, device_id, name, filetype, folder, store_key, state, project_id from assets where id = asked.id
      for no key update${wait ? '' : ' skip locked'}
    ) clip
    join projects project on project.id = clip.project_id`
const holdWaiting = hold(true)
const holdSkipping = hold(false)

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
  const assetIds = [...placeFor.keys()].toSorted()
  return db.transaction(async (tx) => {
    const [held, gathered] = await Promise.all([
      runStatement<HeldClip>(tx, wait ? holdWaiting : holdSkipping, [assetIds]),
      gatheredParts(tx, assetIds), // once they are held: a connection does one statement after the other
    ])
    const outcomes = new Map<string, BeginAssemblyOutcome>(
      held.map(({ id, state }) => [id, { kind: state === 'created' ? 'notWhole' : 'over' }]),
    )
    const clips = held.flatMap(({ state, projectId, projectName, ...clip }) => {
      const { isWhole = false, ...parts } = gathered.get(clip.id) ?? { parts: [], sizeBytes: 0, lastPartAt: now }
      if (state !== 'assembling' && !(state === 'created' && isWhole)) return []
      const asset: AssemblingAsset = { ...clip, project: { id: projectId, name: projectName }, ...parts }
      return [{ asset, place: state === 'created' ? (placeFor.get(clip.id)?.(asset) ?? null) : null }]
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

/** One look along the index for each place, whatever the planner believes of a table that has just grown. */
const write = `
  update assets set state = 'assembling', filesize_bytes = begun.size_bytes, updated_at = $4::timestamptz,
    store_key = coalesce(begun.place, assets.store_key)
  from (
    select id, size_bytes, case
      when row_number() over (partition by place order by id) = 1
        and (select other.id from assets other where other.store_key = wanted.place and other.id <> wanted.id) is null
      then place end as place
    from unnest($1::uuid[], $2::bigint[], $3::text[]) wanted(id, size_bytes, place)
  ) begun
  where assets.id = begun.id
  returning assets.id, assets.store_key as "storeKey"`

/** Gives each clip its place unless another one has it; of two that want the same, one. Where they stand now, by clip. */
async function writeBegun(
  tx: Database,
  now: Date,
  clips: readonly { asset: AssemblingAsset; place: string | null }[],
): Promise<Map<string, string>> {
  if (clips.length === 0) return new Map()
  const rows = await runStatement<{ id: string; storeKey: string }>(tx, write, [
    clips.map(({ asset }) => asset.id),
    clips.map(({ asset }) => asset.sizeBytes),
    clips.map(({ place }) => place),
    now.toISOString(),
  ])
  return new Map(rows.map(({ id, storeKey }) => [id, storeKey]))
}

type PartRow = {
  assetId: string
  number: number
  sizeBytes: string
  acknowledgedAt: string | null
  placeBytes: string | null
  liesApart: boolean
  receivedXxh64: string | null
  isFinal: boolean
}

const parts = `
  select part.asset_id as "assetId", part.number, part.size_bytes as "sizeBytes", part.acknowledged_at as "acknowledgedAt",
    part.offset_bytes as "placeBytes", part.lies_apart as "liesApart", part.received_xxh64 as "receivedXxh64",
    part.is_final as "isFinal"
  from unnest($1::uuid[]) asked(id), lateral (select * from asset_parts where asset_id = asked.id order by number) part`

type Gathered = Pick<AssemblingAsset, 'parts' | 'sizeBytes' | 'lastPartAt'> & {
  /** The final part is registered and every registered part in. */
  isWhole?: boolean
}

/** Parts of clips one after the other, as they will lie in the file. */
async function gatheredParts(tx: Database, assetIds: readonly string[]): Promise<Map<string, Gathered>> {
  const rows = await runStatement<PartRow>(tx, parts, [assetIds])
  const gathered = new Map<string, Gathered>()
  for (const [assetId, ofClip] of Map.groupBy(rows, (row) => row.assetId)) {
    const clip: Gathered = { parts: [], sizeBytes: 0, lastPartAt: new Date(0) }
    for (const { number, sizeBytes, acknowledgedAt, placeBytes, liesApart, receivedXxh64 } of ofClip) {
      const lies = liesApart
        ? { liesAtBytes: null, apartXxh64: receivedXxh64 }
        : { liesAtBytes: placeBytes === null ? null : Number(placeBytes), apartXxh64: null }
      clip.parts.push({ number, sizeBytes: Number(sizeBytes), offsetBytes: clip.sizeBytes, ...lies })
      clip.sizeBytes += Number(sizeBytes)
      const inAt = new Date(acknowledgedAt ?? 0)
      if (inAt > clip.lastPartAt) clip.lastPartAt = inAt
    }
    clip.isWhole =
      ofClip.some(({ isFinal }) => isFinal) && ofClip.every(({ acknowledgedAt }) => acknowledgedAt !== null)
    gathered.set(assetId, clip)
  }
  return gathered
}
