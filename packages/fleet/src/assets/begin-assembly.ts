import { assetParts, assets, projects } from '@rushes/db'
import { asc, eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { isWhole } from './is-whole.ts'

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

/** Ends the taking in of parts once every one is there. From here on no part of the clip changes. */
export async function beginAssembly({ db, now }: Clocked, input: { assetId: string }): Promise<BeginAssemblyOutcome> {
  return db.transaction(async (tx): Promise<BeginAssemblyOutcome> => {
    const [asset] = await tx.select().from(assets).where(eq(assets.id, input.assetId)).for('no key update')
    if (asset === undefined || (asset.state !== 'created' && asset.state !== 'assembling')) return { kind: 'over' }
    if (asset.state === 'created' && !(await isWhole({ db: tx }, input))) return { kind: 'notWhole' }
    const [project] = await tx
      .select({ id: projects.id, name: projects.name })
      .from(projects)
      .where(eq(projects.id, asset.projectId))
    if (project === undefined) throw new Error('the project of an asset is gone: projects are archived, never deleted')
    const rows = await tx
      .select({
        number: assetParts.number,
        sizeBytes: assetParts.sizeBytes,
        acknowledgedAt: assetParts.acknowledgedAt,
        liesApart: assetParts.liesApart,
        receivedXxh64: assetParts.receivedXxh64,
      })
      .from(assetParts)
      .where(eq(assetParts.assetId, asset.id))
      .orderBy(asc(assetParts.number))
    let sizeBytes = 0
    const parts = rows.map(({ number, sizeBytes: partBytes, liesApart, receivedXxh64 }) => {
      const placed = {
        number,
        offsetBytes: sizeBytes,
        sizeBytes: partBytes,
        apartXxh64: liesApart ? receivedXxh64 : null,
      }
      sizeBytes += partBytes
      return placed
    })
    const lastPartAt = new Date(Math.max(...rows.map((part) => (part.acknowledgedAt ?? now).getTime())))
    await tx
      .update(assets)
      .set({ state: 'assembling', filesizeBytes: sizeBytes, updatedAt: now })
      .where(eq(assets.id, asset.id))
    const { id, deviceId, name, filetype, folder, storeKey } = asset
    return {
      kind: 'begun',
      asset: { id, deviceId, project, name, filetype, folder, storeKey, sizeBytes, lastPartAt, parts },
    }
  })
}
