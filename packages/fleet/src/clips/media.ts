import { assets, clipMedia } from '@rushes/db'
import { and, eq, sql } from 'drizzle-orm'
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** What was read out of a clip; null where it has none, or does not say. */
export type MediaFacts = {
  durationSeconds: number | null
  video: { codec: string; width: number; height: number; framesPerSecond: number | null } | null
  audio: { codec: string; channels: number | null; sampleRateHz: number | null } | null
}

/** A clip to be looked into; `attempt` counts from 1. */
export type ClaimedMedia = {
  assetId: string
  name: string
  filetype: string
  storeKey: string
  sizeBytes: number
  attempt: number
}

/** How often a clip is looked into before it is given up. */
export const maxMediaAttempts = 3

/** Hands out a clip that nobody has looked into, at most one. Others leave it alone until `leaseUntil`; the try is counted now. */
export async function claimMedia({ db, now }: Clocked, input: { leaseUntil: Date }): Promise<ClaimedMedia | null> {
  const due = sql`(select asset_id from clip_media
    where state = 'waiting' and (not_before is null or not_before <= ${now.toISOString()}::timestamptz)
    order by not_before limit 1 for update skip locked)`
  const [claimed] = await db
    .update(clipMedia)
    .set({ attempts: sql`${clipMedia.attempts} + 1`, notBefore: input.leaseUntil })
    .where(and(eq(clipMedia.state, 'waiting'), sql`${clipMedia.assetId} = ${due}`))
    .returning({ assetId: clipMedia.assetId, attempt: clipMedia.attempts })
  if (claimed === undefined) return null
  const [asset] = await db
    .select({
      assetId: assets.id,
      name: assets.name,
      filetype: assets.filetype,
      storeKey: assets.storeKey,
      sizeBytes: sql<number>`coalesce(${assets.filesizeBytes}, 0)::float8`,
    })
    .from(assets)
    .where(eq(assets.id, claimed.assetId))
  if (asset === undefined) throw new Error('media of a clip whose asset is gone: the foreign key keeps it')
  return { ...asset, attempt: claimed.attempt }
}

export type MediaResult =
  | { kind: 'read'; facts: MediaFacts; hasPoster: boolean; note: string | null }
  /** A kind of file that nobody here can look into. */
  | { kind: 'none' }
  /** Tried as often as it may be. */
  | { kind: 'failed'; error: string }
  | { kind: 'retry'; at: Date; error: string }
  /** Broken off by a stop: the try does not count. */
  | { kind: 'interrupted' }

/** Writes down what came of looking into a clip. @returns false when it was given up meanwhile: nothing is kept of it then */
export async function recordMedia(
  { db, now }: Clocked,
  input: { assetId: string; result: MediaResult },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const recorded = await tx
      .update(clipMedia)
      .set(columnsOf(input.result, now))
      .where(and(eq(clipMedia.assetId, input.assetId), eq(clipMedia.state, 'waiting')))
      .returning({ assetId: clipMedia.assetId })
    if (recorded.length === 0) return false
    if (input.result.kind === 'read') {
      const [asset] = await tx
        .select({ deviceId: assets.deviceId, projectId: assets.projectId })
        .from(assets)
        .where(eq(assets.id, input.assetId))
      if (asset !== undefined)
        await announceDeviceChange(tx, { deviceIds: [asset.deviceId], projectIds: [asset.projectId] })
    }
    return true
  })
}

function columnsOf(result: MediaResult, now: Date): PgUpdateSetSource<typeof clipMedia> {
  switch (result.kind) {
    case 'none':
      return { state: 'none', endedAt: now }
    case 'failed':
      return { state: 'failed', endedAt: now, lastError: result.error.slice(0, 500) }
    case 'interrupted':
      return { attempts: sql`${clipMedia.attempts} - 1`, notBefore: null }
    case 'retry':
      return { notBefore: result.at, lastError: result.error.slice(0, 500) }
    case 'read': {
      const { facts } = result
      return {
        state: 'done',
        endedAt: now,
        lastError: result.note,
        hasPoster: result.hasPoster,
        durationSeconds: facts.durationSeconds,
        videoCodec: facts.video?.codec ?? null,
        width: facts.video?.width ?? null,
        height: facts.video?.height ?? null,
        framesPerSecond: facts.video?.framesPerSecond ?? null,
        audioCodec: facts.audio?.codec ?? null,
        audioChannels: facts.audio?.channels ?? null,
        audioSampleRateHz: facts.audio?.sampleRateHz ?? null,
      }
    }
  }
}
