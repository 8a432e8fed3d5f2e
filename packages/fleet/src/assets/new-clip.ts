import type { assets } from '@rushes/db'
import { capturedAt } from './captured-at.ts'
import type { CheckedCreate } from './check-create.ts'
import { folderFor } from './folder-for.ts'
import type { HeldDevice } from './hold-devices.ts'
import type { RegisteredPart } from './registered-part.ts'

/** What is told of a clip that was created. */
export type CreatedAsset = Pick<
  typeof assets.$inferSelect,
  | ('id' | 'deviceId' | 'projectId' | 'name' | 'filetype' | 'uploadKind' | 'filesizeBytes')
  | ('folder' | 'storeKey' | 'capturedAt' | 'createdAt')
>

/** A clip to be registered, and for one of fixed size how it is cut: into parts of one size, but for the last. */
export type NewClip = {
  asset: typeof assets.$inferInsert & CreatedAsset
  cut: { filesizeBytes: number; partCount: number; partSizeBytes: number } | null
}

/** The rows of a clip that its device may create. */
export function newClip(
  device: HeldDevice,
  given: {
    create: CheckedCreate
    key: string
    digest: string
    arrivedAt: Date
    storeKeyFor: (assetId: string) => string
  },
): NewClip {
  const { project, projectId } = device
  if (project === null || projectId === null)
    throw new Error('the project of a device is gone: projects are archived, never deleted')
  const { create, arrivedAt } = given
  const captured = capturedAt(create.offsetSeconds, arrivedAt)
  const name = create.name.toWellFormed().replace(/\p{Cc}/gu, '_') // a NUL cannot be stored, a line break only confuses
  const id = crypto.randomUUID()
  return {
    asset: {
      id,
      deviceId: device.id,
      projectId,
      projectEpoch: device.projectEpoch,
      channel: create.channel,
      name,
      nameIsDefault: create.nameIsDefault,
      filetype: create.filetype,
      uploadKind: create.upload,
      filesizeBytes: create.upload === 'fixed' ? create.filesizeBytes : null,
      offsetSeconds: create.offsetSeconds,
      versionOfId: create.versionOfId,
      capturedAt: captured,
      folder: folderFor({
        day: project.folderBy === 'capture' ? captured : arrivedAt,
        timezone: device.timezone ?? project.timezone,
        filetype: create.filetype,
        name,
        deviceName: device.name,
      }),
      storeKey: given.storeKeyFor(id),
      idempotencyKey: given.key,
      idempotencySha256: given.digest,
      createdAt: arrivedAt,
      updatedAt: arrivedAt,
    },
    cut:
      create.upload === 'fixed'
        ? {
            filesizeBytes: create.filesizeBytes,
            partCount: create.chunkCount,
            partSizeBytes: Math.ceil(create.filesizeBytes / create.chunkCount),
          }
        : null,
  }
}

/** The parts that a clip is registered with, in order; none of one that still grows. */
export function partsOfNew({ cut }: NewClip): RegisteredPart[] {
  if (cut === null) return []
  return Array.from({ length: cut.partCount }, (_, index) => ({
    number: index + 1,
    generation: 1,
    sizeBytes: Math.min(cut.partSizeBytes, cut.filesizeBytes - index * cut.partSizeBytes),
  }))
}
