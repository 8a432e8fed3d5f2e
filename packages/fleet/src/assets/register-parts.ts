import { assetParts, assets } from '@rushes/db'
import type { RealtimePartsRequest } from '@rushes/protocol'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { type KnownPart, type MergedPart, mergeParts } from './merge-parts.ts'
import type { RegisteredPart } from './registered-part.ts'

export type RegisterPartsOutcome =
  | { kind: 'registered'; asset: { id: string; storeKey: string; filetype: string }; parts: RegisteredPart[] }
  /** Not an asset of this device. */
  | { kind: 'assetUnknown' }
  /** The rules of real-time uploads forbid it; nothing was changed. */
  | { kind: 'refused'; detail: string }
  /** Failed, or closed because the device was moved. */
  | { kind: 'uploadEnded'; because: string }

/** Registers parts of a real-time upload in the order they were asked for. A name is taken while the clip has none of its own. */
export async function registerParts(
  { db, now }: Clocked,
  input: { deviceId: string; assetId: string; request: RealtimePartsRequest },
): Promise<RegisterPartsOutcome> {
  const { request } = input
  return db.transaction(async (tx): Promise<RegisterPartsOutcome> => {
    const [asset] = await tx
      .select()
      .from(assets)
      .where(and(eq(assets.id, input.assetId), eq(assets.deviceId, input.deviceId)))
      .for('no key update')
    if (asset === undefined) return { kind: 'assetUnknown' }
    if (asset.uploadKind !== 'realtime') return { kind: 'refused', detail: 'this asset is not a real-time upload' }
    if (asset.endedBecause !== null) return { kind: 'uploadEnded', because: asset.endedBecause }
    const known: KnownPart[] = await tx
      .select({
        number: assetParts.number,
        sizeBytes: assetParts.sizeBytes,
        offsetBytes: assetParts.offsetBytes,
        isFinal: assetParts.isFinal,
        generation: assetParts.generation,
        isAcknowledged: sql<boolean>`${assetParts.acknowledgedAt} is not null`,
      })
      .from(assetParts)
      .where(eq(assetParts.assetId, asset.id))
      .orderBy(asc(assetParts.number))
    const registered = (parts: readonly RegisteredPart[]): RegisterPartsOutcome => {
      const byNumber = new Map(parts.map((part) => [part.number, part]))
      return { kind: 'registered', asset, parts: request.parts.flatMap(({ number }) => byNumber.get(number) ?? []) }
    }

    if (asset.state !== 'created') {
      // Whole already: the reply to the last part was lost. The URLs of that time serve to hear it again.
      const same = request.parts.every((part) =>
        known.some((k) => k.number === part.number && k.sizeBytes === part.size),
      )
      return same ? registered(known) : { kind: 'refused', detail: 'every part of this upload has arrived' }
    }
    const merged = mergeParts(known, request, asset)
    if (merged.kind === 'refused') return merged
    // A final mark that moves down would meet its own unique index: take it away first.
    if (known.some((part) => part.isFinal))
      await tx.update(assetParts).set({ isFinal: false }).where(eq(assetParts.assetId, asset.id))
    await writeParts(
      tx,
      asset.id,
      merged.parts.filter((part) => part.changed || part.isFinal),
    )
    // The final part is to come anew: its stragglers have as long again.
    const finalIsIn = merged.parts.some((part) => part.isFinal && part.isAcknowledged)
    const takesName = asset.nameIsDefault && (request.asset_name ?? null) !== null
    await tx
      .update(assets)
      .set({
        filesizeBytes: merged.filesizeBytes,
        placesMoved: merged.placesMoved,
        ...(finalIsIn ? {} : { finalPartAt: null }),
        updatedAt: now,
        ...(takesName ? { name: cleanName(request.asset_name ?? ''), nameIsDefault: false } : {}),
      })
      .where(eq(assets.id, asset.id))
    return registered(merged.parts)
  })
}

const cleanName = (name: string) => name.toWellFormed().replace(/\p{Cc}/gu, '_')

async function writeParts(tx: Clocked['db'], assetId: string, parts: MergedPart[]): Promise<void> {
  const column = <T>(of: (part: MergedPart) => T) => sql.param(parts.map(of))
  await tx.execute(sql`
    insert into asset_parts (asset_id, number, size_bytes, offset_bytes, is_final, generation)
    select ${assetId}::uuid, t.* from unnest(
      ${column((part) => part.number)}::integer[],
      ${column((part) => part.sizeBytes)}::bigint[],
      ${column((part) => part.offsetBytes)}::bigint[],
      ${column((part) => part.isFinal)}::boolean[],
      ${column((part) => part.generation)}::integer[]) t
    on conflict (asset_id, number) do update set
      size_bytes = excluded.size_bytes,
      offset_bytes = excluded.offset_bytes,
      is_final = excluded.is_final,
      generation = excluded.generation,
      acknowledged_at = case when asset_parts.size_bytes = excluded.size_bytes then asset_parts.acknowledged_at end,
      received_xxh64 = case when asset_parts.size_bytes = excluded.size_bytes then asset_parts.received_xxh64 end,
      device_xxh64 = case when asset_parts.size_bytes = excluded.size_bytes then asset_parts.device_xxh64 end`)
}
