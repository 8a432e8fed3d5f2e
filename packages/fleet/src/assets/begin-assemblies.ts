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
  /** Where the parts are gathered, or the place in the tree that was reserved before a crash. */
  storeKey: string
  sizeBytes: number
  /** When the last of its parts was in. */
  lastPartAt: Date
  /** In order, without gaps in the bytes. `apartXxh64`: the digest of bytes that do not lie at their place yet, else null. */
  parts: { number: number; offsetBytes: number; sizeBytes: number; apartXxh64: string | null }[]
}

export type BeginAssemblyOutcome =
  /** Also when it had begun before a crash: assembling again does no harm. */
  | { kind: 'begun'; asset: AssemblingAsset }
  /** A part is missing. */
  | { kind: 'notWhole' }
  /** Available, failed or closed already. */
  | { kind: 'over' }

/**
 * Ends the taking in of parts of clips of which every one is there. From here on no part of them changes. `busy` for clips that
 * somebody else is changing, unless they are waited for.
 */
export async function beginAssemblies(
  { db, now, wait }: Together,
  assetIds: readonly string[],
): Promise<(BeginAssemblyOutcome | typeof busy)[]> {
  return db.transaction(async (tx) => {
    const held = await tx
      .select({ ...getTableColumns(assets), project: { id: projects.id, name: projects.name } })
      .from(assets)
      .innerJoin(projects, eq(projects.id, assets.projectId))
      .where(inArray(assets.id, [...assetIds]))
      .orderBy(asc(assets.id)) // two who lock several never wait for each other
      .for('no key update', { of: assets, ...(wait ? {} : { skipLocked: true }) })
    const taking = held.filter(({ state }) => state === 'created').map(({ id }) => id)
    const whole = await whichAreWhole(tx, taking)
    const begun = held.filter(({ id, state }) => state === 'assembling' || whole.has(id))
    const placed = await placedParts(tx, begun)
    if (begun.length > 0)
      await tx.execute(sql`
        update assets set state = 'assembling', filesize_bytes = begun.size_bytes, updated_at = ${now.toISOString()}::timestamptz
        from unnest(${sql.param(begun.map(({ id }) => id))}::uuid[],
          ${sql.param(begun.map(({ id }) => placed.get(id)?.sizeBytes ?? 0))}::bigint[]) begun(id, size_bytes)
        where assets.id = begun.id`)
    const outcomes = new Map<string, BeginAssemblyOutcome>(
      held.map(({ id, state }) => [id, { kind: state === 'created' ? 'notWhole' : 'over' }]),
    )
    for (const { id, deviceId, project, name, filetype, folder, storeKey } of begun) {
      const clip = placed.get(id) ?? { parts: [], sizeBytes: 0, lastPartAt: now }
      outcomes.set(id, { kind: 'begun', asset: { id, deviceId, project, name, filetype, folder, storeKey, ...clip } })
    }
    return assetIds.map((id) => outcomes.get(id) ?? (wait ? { kind: 'over' } : busy))
  })
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
      liesApart: assetParts.liesApart,
      receivedXxh64: assetParts.receivedXxh64,
    })
    .from(assetParts)
    .where(inArray(assetParts.assetId, ids))
    .orderBy(asc(assetParts.assetId), asc(assetParts.number))
  for (const { assetId, number, sizeBytes, acknowledgedAt, liesApart, receivedXxh64 } of rows) {
    const clip = placed.get(assetId) ?? { parts: [], sizeBytes: 0, lastPartAt: new Date(0) }
    clip.parts.push({ number, sizeBytes, offsetBytes: clip.sizeBytes, apartXxh64: liesApart ? receivedXxh64 : null })
    clip.sizeBytes += sizeBytes
    if (acknowledgedAt !== null && acknowledgedAt > clip.lastPartAt) clip.lastPartAt = acknowledgedAt
    placed.set(assetId, clip)
  }
  return placed
}
