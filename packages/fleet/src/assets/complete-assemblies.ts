import { assetParts, assets, clipMedia } from '@rushes/db'
import { asc, count, eq, inArray, sql } from 'drizzle-orm'
import { busy, type Clocked, type Together } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type CompleteAssemblyInput = {
  assetId: string
  /** Whether it is of a kind that facts and a poster can be read out of. */
  isReadable: boolean
}

export type CompleteAssemblyOutcome =
  /** `verify`: the digests of the device are in, and the stored bytes are to be compared with them. */
  { kind: 'available'; verify: boolean } | { kind: 'notAssembling' }

/**
 * Clips are whole and durable at their places. Without digests of the device that is all that can be said of one. `busy` for
 * clips that somebody else is changing, unless they are waited for.
 */
export async function completeAssemblies(
  { db, now, wait }: Together,
  inputs: readonly CompleteAssemblyInput[],
): Promise<(CompleteAssemblyOutcome | typeof busy)[]> {
  return db.transaction(async (tx) => {
    const held = await tx
      .select({
        id: assets.id,
        state: assets.state,
        deviceId: assets.deviceId,
        projectId: assets.projectId,
        placesMoved: assets.placesMoved,
      })
      .from(assets)
      .where(
        inArray(
          assets.id,
          inputs.map(({ assetId }) => assetId),
        ),
      )
      .orderBy(asc(assets.id)) // two who lock several never wait for each other
      .for('no key update', wait ? {} : { skipLocked: true })
    const completed = held.filter(({ state }) => state === 'assembling')
    const toVerify = await withDigests(
      tx,
      completed.map(({ id }) => id),
    )
    if (completed.length > 0) {
      const pending = sql`${assets.id} = any(${sql.param([...toVerify])}::uuid[])`
      const ids = completed.map(({ id }) => id)
      const readable = new Set(inputs.filter(({ isReadable }) => isReadable).map(({ assetId }) => assetId))
      await tx
        .update(assets)
        .set({
          state: 'available',
          availableAt: now,
          updatedAt: now,
          custody: sql`case when ${pending} then 'pending' else 'sizeChecked' end`,
          custodyAt: sql`case when not ${pending} then ${now.toISOString()}::timestamptz end`,
        })
        .where(inArray(assets.id, ids))
      await writeFinalPlaces(
        tx,
        completed.filter(({ placesMoved }) => placesMoved).map(({ id }) => id),
      )
      await tx
        .insert(clipMedia)
        .values(
          ids.map((assetId) =>
            readable.has(assetId) ? { assetId } : { assetId, state: 'none' as const, endedAt: now },
          ),
        )
        .onConflictDoNothing()
      await announceDeviceChange(tx, {
        deviceIds: [...new Set(completed.map(({ deviceId }) => deviceId))],
        projectIds: [...new Set(completed.map(({ projectId }) => projectId))],
      })
    }
    const outcomes = new Map<string, CompleteAssemblyOutcome>(held.map(({ id }) => [id, { kind: 'notAssembling' }]))
    for (const { id } of completed) outcomes.set(id, { kind: 'available', verify: toVerify.has(id) })
    return inputs.map(({ assetId }) => outcomes.get(assetId) ?? (wait ? { kind: 'notAssembling' } : busy))
  })
}

/** Their parts lie now where they belong in the clip, one after the other. */
async function writeFinalPlaces(tx: Clocked['db'], assetIds: readonly string[]): Promise<void> {
  if (assetIds.length === 0) return
  await tx.execute(sql`
    update asset_parts part set offset_bytes = lying.offset_bytes
    from (
      select asset_id, number, sum(size_bytes) over (partition by asset_id order by number) - size_bytes as offset_bytes
      from asset_parts where asset_id = any(${sql.param([...assetIds])}::uuid[])
    ) lying
    where part.asset_id = lying.asset_id and part.number = lying.number`)
}

/** Those of the clips that the device has sent a digest of every part of. */
async function withDigests(tx: Clocked['db'], assetIds: readonly string[]): Promise<Set<string>> {
  if (assetIds.length === 0) return new Set()
  const rows = await tx
    .select({ id: assetParts.assetId })
    .from(assetParts)
    .where(inArray(assetParts.assetId, [...assetIds]))
    .groupBy(assetParts.assetId)
    .having(eq(count(), count(assetParts.deviceXxh64)))
  return new Set(rows.map(({ id }) => id))
}
