import { assetParts, assets, clipMedia, clipTrash, type Database, devices, deviceUploads, projects } from '@rushes/db'
import { and, asc, count, eq, gt, sql } from 'drizzle-orm'
import { removesAt } from '../clips/list-trash.ts'
import type { MediaFacts } from '../clips/media.ts'
import { type ClipVersions, getClipVersions } from '../clips/versions.ts'
import { type ClipReading, getClipReading } from '../custody/get-reading.ts'
import { toUploadRow } from '../devices/to-upload-row.ts'
import type { UploadRow } from '../devices/upload-row.ts'

/** A clip at the destination, with what is known of its way there. Ready for JSON. */
export type Clip = {
  assetId: string
  name: string
  filetype: string
  uploadKind: 'fixed' | 'realtime'
  sizeBytes: number | null
  channel: number
  folder: string
  storeKey: string
  capturedAt: string
  createdAt: string
  availableAt: string | null
  state: 'created' | 'assembling' | 'available' | 'failed' | 'closed'
  ended: { because: string; detail: string | null } | null
  custody: {
    state: 'no' | 'pending' | 'verified' | 'mismatch' | 'sizeChecked'
    at: string | null
    firstMismatchNumber: number | null
    fileXxh64: string | null
  }
  /** What reading the stored bytes has shown, and whether they are read just now. */
  reading: ClipReading
  /** Where it lay on the card, as the device told. */
  source: { relativePath: string | null; volumeId: string | null }
  device: { id: string; name: string }
  project: { id: string; name: string; epoch: number }
  /** What was read out of the stored file; `waiting` until somebody has looked at it. Null for what is not whole. */
  media: ({ state: 'waiting' | 'done' | 'none' | 'failed'; hasPoster: boolean } & MediaFacts) | null
  /** Null: it is not in the trash. */
  trash: ClipInTrash | null
  versions: ClipVersions
  partCounts: { total: number; acknowledged: number; acknowledgedBytes: number }
  /** The device's own account of the upload; null for devices that do not report. */
  report: UploadRow | null
}

export type ClipInTrash = {
  /** From `removing` on there is no way back. */
  state: 'trashed' | 'removing' | 'removed'
  at: string
  by: string
  reason: string | null
  removesAt: string
  removedAt: string | null
}

export async function getClip(
  { db }: { db: Database },
  input: { assetId: string },
): Promise<{ kind: 'found'; clip: Clip } | { kind: 'clipUnknown' }> {
  const [found] = await db
    .select({
      asset: assets,
      deviceName: devices.name,
      projectName: projects.name,
      trashDays: projects.trashDays,
      media: clipMedia,
      trash: clipTrash,
    })
    .from(assets)
    .innerJoin(devices, eq(devices.id, assets.deviceId))
    .innerJoin(projects, eq(projects.id, assets.projectId))
    .leftJoin(clipMedia, eq(clipMedia.assetId, assets.id))
    .leftJoin(clipTrash, eq(clipTrash.assetId, assets.id))
    .where(eq(assets.id, input.assetId))
  if (found === undefined) return { kind: 'clipUnknown' }
  const [parts] = await db
    .select({
      total: count(),
      acknowledged: count(assetParts.acknowledgedAt),
      acknowledgedBytes: sql<number>`coalesce(sum(${assetParts.sizeBytes}) filter (where ${assetParts.acknowledgedAt} is not null), 0)::float8`,
    })
    .from(assetParts)
    .where(eq(assetParts.assetId, input.assetId))
  const [report] = await db
    .select()
    .from(deviceUploads)
    .where(and(eq(deviceUploads.assetId, input.assetId), eq(deviceUploads.deviceId, found.asset.deviceId)))
  const { asset } = found
  return {
    kind: 'found',
    clip: {
      assetId: asset.id,
      name: asset.name,
      filetype: asset.filetype,
      uploadKind: asset.uploadKind,
      sizeBytes: asset.filesizeBytes,
      channel: asset.channel,
      folder: asset.folder,
      storeKey: asset.storeKey,
      capturedAt: asset.capturedAt.toISOString(),
      createdAt: asset.createdAt.toISOString(),
      availableAt: asset.availableAt?.toISOString() ?? null,
      state: asset.state,
      ended: asset.endedBecause === null ? null : { because: asset.endedBecause, detail: asset.endedDetail },
      custody: {
        state: asset.custody,
        at: asset.custodyAt?.toISOString() ?? null,
        firstMismatchNumber: asset.firstMismatchNumber,
        fileXxh64: asset.fileXxh64,
      },
      reading: await getClipReading(db, asset),
      versions: await getClipVersions(db, asset),
      source: { relativePath: asset.relativePath, volumeId: asset.volumeId },
      device: { id: asset.deviceId, name: found.deviceName },
      project: { id: asset.projectId, name: found.projectName, epoch: asset.projectEpoch },
      media: mediaOf(found.media),
      trash: trashOf(found.trash, found.trashDays),
      partCounts: parts ?? { total: 0, acknowledged: 0, acknowledgedBytes: 0 },
      report: report === undefined ? null : toUploadRow({ upload: report, mismatchBecause: asset.mismatchBecause }),
    },
  }
}

function mediaOf(media: typeof clipMedia.$inferSelect | null): Clip['media'] {
  if (media === null) return null
  const { videoCodec, width, height, framesPerSecond, audioCodec, audioChannels, audioSampleRateHz } = media
  return {
    state: media.state,
    hasPoster: media.hasPoster,
    durationSeconds: media.durationSeconds,
    video:
      videoCodec === null || width === null || height === null
        ? null
        : { codec: videoCodec, width, height, framesPerSecond },
    audio: audioCodec === null ? null : { codec: audioCodec, channels: audioChannels, sampleRateHz: audioSampleRateHz },
  }
}

function trashOf(trash: typeof clipTrash.$inferSelect | null, trashDays: number): ClipInTrash | null {
  if (trash === null || trash.state === 'restored') return null
  return {
    state: trash.state,
    at: trash.trashedAt.toISOString(),
    by: trash.trashedBy,
    reason: trash.reason,
    removesAt: removesAt(trash.trashedAt, trashDays).toISOString(),
    removedAt: trash.removedAt?.toISOString() ?? null,
  }
}

export type ClipPart = {
  number: number
  sizeBytes: number
  offsetBytes: number | null
  isFinal: boolean
  acknowledgedAt: string | null
  /** xxh64 as the device computed it while sending, as the bytes came in, and as they were read back from the store. */
  deviceXxh64: string | null
  receivedXxh64: string | null
  storedXxh64: string | null
}

/**
 * The registered parts of a clip by number; `onlyDiffering` leaves those whose stored bytes are not what the device sent or,
 * where it gave no digests, not what came in.
 */
export async function listClipParts(
  { db }: { db: Database },
  input: { assetId: string; afterNumber: number; onlyDiffering: boolean; limit: number },
): Promise<{ parts: ClipPart[]; nextAfterNumber: number | null }> {
  const found = await db
    .select()
    .from(assetParts)
    .where(
      and(
        eq(assetParts.assetId, input.assetId),
        gt(assetParts.number, input.afterNumber),
        input.onlyDiffering
          ? sql`coalesce(${assetParts.deviceXxh64}, ${assetParts.receivedXxh64}) is not null
              and coalesce(${assetParts.deviceXxh64}, ${assetParts.receivedXxh64}) is distinct from ${assetParts.storedXxh64}`
          : undefined,
      ),
    )
    .orderBy(asc(assetParts.number))
    .limit(input.limit + 1)
  const parts = found.slice(0, input.limit).map((part) => ({
    number: part.number,
    sizeBytes: part.sizeBytes,
    offsetBytes: part.offsetBytes,
    isFinal: part.isFinal,
    acknowledgedAt: part.acknowledgedAt?.toISOString() ?? null,
    deviceXxh64: part.deviceXxh64,
    receivedXxh64: part.receivedXxh64,
    storedXxh64: part.storedXxh64,
  }))
  return { parts, nextAfterNumber: found.length > input.limit ? (parts.at(-1)?.number ?? null) : null }
}
