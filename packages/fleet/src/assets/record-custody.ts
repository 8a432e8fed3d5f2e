import { assetParts, assets, type Database } from '@rushes/db'
import type { CustodyRequest } from '@rushes/protocol'
import { and, asc, eq, sql } from 'drizzle-orm'
import { isGivenUp } from '../clips/in-trash.ts'
import type { Clocked } from '../context.ts'

export type RecordCustodyOutcome =
  /** `verify`: the clip is whole, so its stored bytes are to be read back now. */
  | { kind: 'recorded'; verify: boolean }
  | { kind: 'assetUnknown' }
  /** Failed or closed: there is nothing to compare with. */
  | { kind: 'ended' }
  /** The device's list is not that of the registered parts. */
  | { kind: 'partsDiffer'; detail: string }

/** Keeps the digests of the bytes as they left the device. The same list again, of a clip that is judged, changes nothing. */
export async function recordCustody(
  { db, now }: Clocked,
  input: { deviceId: string; assetId: string; custody: CustodyRequest },
): Promise<RecordCustodyOutcome> {
  const { custody } = input
  return db.transaction(async (tx): Promise<RecordCustodyOutcome> => {
    const [asset] = await tx
      .select()
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.deviceId, input.deviceId)))
      .for('no key update')
    if (asset === undefined) return { kind: 'assetUnknown' }
    if (asset.endedBecause !== null) return { kind: 'ended' }
    const registered = await tx
      .select({ number: assetParts.number, sizeBytes: assetParts.sizeBytes, deviceXxh64: assetParts.deviceXxh64 })
      .from(assetParts)
      .where(eq(assetParts.assetId, asset.id))
      .orderBy(asc(assetParts.number))
    const told = custody.parts.toSorted((a, b) => a.number - b.number)
    const detail = firstDifference(registered, told)
    if (detail !== null) return { kind: 'partsDiffer', detail }

    const isKnown = registered.every((part, index) => part.deviceXxh64 === told[index]?.xxh64)
    const isJudged = asset.custody === 'verified' || asset.custody === 'mismatch'
    const fileXxh64 = custody.fileXxh64 ?? (isKnown ? asset.fileXxh64 : null)
    if (isKnown && isJudged && fileXxh64 === asset.fileXxh64) return { kind: 'recorded', verify: false }
    if (isKnown && asset.custody === 'verified' && fileXxh64 === asset.storedXxh64) {
      // Told late, and what was read back has it: nothing is read again, and the clip is verified all along.
      await tx.update(assets).set({ fileXxh64, updatedAt: now }).where(eq(assets.id, asset.id))
      return { kind: 'recorded', verify: false }
    }
    await tx.execute(sql`
      update asset_parts set device_xxh64 = told.xxh64
      from unnest(${sql.param(told.map((part) => part.number))}::integer[],
        ${sql.param(told.map((part) => part.xxh64))}::text[]) told(number, xxh64)
      where asset_parts.asset_id = ${asset.id}::uuid and asset_parts.number = told.number`)
    // What is being removed for good is not read any more; the digests are kept all the same.
    const verify = asset.state === 'available' && !(await isRemoved(tx, asset.id))
    await tx
      .update(assets)
      .set({
        fileXxh64,
        relativePath: custody.relativePath?.replaceAll('\0', '_') ?? asset.relativePath,
        volumeId: custody.volumeId?.replaceAll('\0', '_') ?? asset.volumeId,
        // Of a clip that still takes parts it is no sign that they will come: one whose parts never do is given up all the same.
        ...(asset.state === 'created' ? {} : { updatedAt: now }),
        ...(verify ? { custody: 'pending', custodyAt: null, firstMismatchNumber: null, mismatchBecause: null } : {}),
      })
      .where(eq(assets.id, asset.id))
    return { kind: 'recorded', verify }
  })
}

/** Asked under the lock on the asset, which whoever gives a clip up has to take. */
async function isRemoved(db: Database, assetId: string): Promise<boolean> {
  const found = await db
    .select({ id: assets.id })
    .from(assets)
    .where(and(eq(assets.id, assetId), isGivenUp(assets.id)))
  return found.length > 0
}

type Told = { number: number; offset: number; size: number }

/** Says where the device's list of parts departs from the registered one; null when it does not. */
function firstDifference(registered: { number: number; sizeBytes: number }[], told: Told[]): string | null {
  let offset = 0
  for (const [index, part] of registered.entries()) {
    const other = told[index]
    if (other === undefined) return `part ${part.number} is registered, but has no digest`
    if (other.number !== part.number) return `part ${Math.min(part.number, other.number)} is on one list only`
    if (other.size !== part.sizeBytes) return `part ${part.number} has ${part.sizeBytes} bytes, not ${other.size}`
    if (other.offset !== offset) return `part ${part.number} begins at ${offset}, not ${other.offset}`
    offset += part.sizeBytes
  }
  const extra = told[registered.length]
  return extra === undefined ? null : `part ${extra.number} is not registered`
}
