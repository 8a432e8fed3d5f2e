import { type Database, runStatement } from '@rushes/db'
import { busy, type Together } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type CompleteAssemblyInput = {
  assetId: string
  /** Whether it is of a kind that facts and a poster can be read out of. */
  isReadable: boolean
}

export type CompleteAssemblyOutcome =
  /** `verify`: the digests of the device are in, and the stored bytes are to be compared with them. */
  { kind: 'available'; verify: boolean } | { kind: 'notAssembling' }

type HeldClip = { id: string; state: string; deviceId: string; projectId: string; placesMoved: boolean }

/**
 * Clips and their devices, in order of their ids: two who lock several never wait for each other. A clip whose device somebody
 * else holds is left out like one that is held itself.
 */
const hold = (wait: boolean) => `
  with clip as materialized (
    select held.* from unnest($1::uuid[]) asked(id),
      lateral (
        select id, state, device_id, project_id, places_moved from assets where id = asked.id
        for no key update${wait ? '' : ' skip locked'}
      ) held
  ),
  device as materialized (
    select held.id from (select distinct device_id as id from clip order by 1) asked,
      lateral (select id from devices where id = asked.id for no key update${wait ? '' : ' skip locked'}) held
  )
  select id, state, device_id as "deviceId", project_id as "projectId", places_moved as "placesMoved" from clip
  where device_id in (select id from device)`
const holdWaiting = hold(true)
const holdSkipping = hold(false)

/** Returns those of the clips that the device has sent a digest of every part of. */
const complete = `
  with told as (
    select id, is_readable,
      coalesce((select bool_and(device_xxh64 is not null) from asset_parts where asset_id = told.id), false) as has_digests
    from unnest($1::uuid[], $2::boolean[]) told(id, is_readable)
  ),
  completed as (
    update assets set state = 'available', available_at = $3::timestamptz, updated_at = $3::timestamptz,
      custody = case when has_digests then 'pending' else 'sizeChecked' end,
      custody_at = case when not has_digests then $3::timestamptz end
    from told where assets.id = told.id
  ),
  looked_into as (
    insert into clip_media (asset_id, state, ended_at)
    select id, case when is_readable then 'waiting' else 'none' end, case when not is_readable then $3::timestamptz end
    from told
    on conflict do nothing
  )
  select id from told where has_digests`

/** Their parts lie now where they belong in the clip, one after the other. */
const writeFinalPlaces = `
  update asset_parts part set offset_bytes = lying.offset_bytes
  from (
    select asset_id, number, sum(size_bytes) over (partition by asset_id order by number) - size_bytes as offset_bytes
    from asset_parts where asset_id = any($1::uuid[])
  ) lying
  where part.asset_id = lying.asset_id and part.number = lying.number`

/**
 * Clips are whole and durable at their places. Without digests of the device that is all that can be said of one. `busy` for
 * clips that somebody else is changing, unless they are waited for.
 */
export async function completeAssemblies(
  { db, now, wait }: Together,
  inputs: readonly CompleteAssemblyInput[],
): Promise<(CompleteAssemblyOutcome | typeof busy)[]> {
  const assetIds = inputs.map(({ assetId }) => assetId).toSorted()
  const readable = new Set(inputs.filter(({ isReadable }) => isReadable).map(({ assetId }) => assetId))
  return db.transaction(async (tx) => {
    const held = await runStatement<HeldClip>(tx, wait ? holdWaiting : holdSkipping, [assetIds])
    const completed = held.filter(({ state }) => state === 'assembling')
    const toVerify = await completeHeld(tx, now, completed, readable)
    const outcomes = new Map<string, CompleteAssemblyOutcome>(held.map(({ id }) => [id, { kind: 'notAssembling' }]))
    for (const { id } of completed) outcomes.set(id, { kind: 'available', verify: toVerify.has(id) })
    return inputs.map(({ assetId }) => outcomes.get(assetId) ?? (wait ? { kind: 'notAssembling' } : busy))
  })
}

/** @returns those that are to be verified */
async function completeHeld(
  tx: Database,
  now: Date,
  clips: readonly HeldClip[],
  readable: ReadonlySet<string>,
): Promise<Set<string>> {
  if (clips.length === 0) return new Set()
  const ids = clips.map(({ id }) => id)
  const moved = clips.filter(({ placesMoved }) => placesMoved).map(({ id }) => id)
  const [withDigests] = await Promise.all([
    // Asked once the clips are held: whoever writes digests down holds their clip.
    runStatement<{ id: string }>(tx, complete, [ids, ids.map((id) => readable.has(id)), now.toISOString()]),
    moved.length === 0 ? null : runStatement(tx, writeFinalPlaces, [moved]),
    announceDeviceChange(tx, {
      deviceIds: [...new Set(clips.map(({ deviceId }) => deviceId))],
      projectIds: [...new Set(clips.map(({ projectId }) => projectId))],
    }),
  ])
  return new Set(withDigests.map(({ id }) => id))
}
