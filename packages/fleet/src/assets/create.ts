import { assetParts, assets, deviceModels, devices, projects } from '@rushes/db'
import type { CreateAssetRequest } from '@rushes/protocol'
import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { fenceVerdict } from '../devices/fence.ts'
import { capturedAt, captureRange } from './captured-at.ts'
import { type CheckedCreate, checkCreate } from './check-create.ts'
import { folderFor } from './folder-for.ts'
import { requestDigest } from './idempotency.ts'
import { isChannelPaused } from './is-channel-paused.ts'
import type { RegisteredPart } from './registered-part.ts'

export type CreateAssetInput = {
  deviceId: string
  /** The epoch of the token that the call came with. */
  projectEpoch: number
  request: CreateAssetRequest
  encoding: 'json' | 'form'
  idempotencyKey: string | null
  /** What the store has room for, in bytes; null where it cannot tell. */
  roomBytes: number | null
  /** Where the store will gather the parts, for the id of the new clip. */
  storeKeyFor: (assetId: string) => string
}

export type CreatedAsset = typeof assets.$inferSelect

export type CreateAssetOutcome =
  | {
      kind: 'created'
      asset: CreatedAsset
      /** In order; empty for a real-time upload, whose parts are registered as they come. */
      parts: RegisteredPart[]
      /** The clip was there: the same request came before with the same key. */
      replayed: boolean
    }
  | { kind: 'malformed'; detail: string }
  | { kind: 'impossibleParts' }
  /** The store is too full for it. */
  | { kind: 'noRoom' }
  /** It was captured while sharing was paused. */
  | { kind: 'channelPaused' }
  /** The fence of a move is closed. */
  | { kind: 'noProject' }
  | { kind: 'projectChanged' }
  | { kind: 'purgeReceiptMissing' }
  /** The key came before with another request. */
  | { kind: 'keyReused' }

/**
 * Registers a clip. With an idempotency key the same request never makes a second one: the first is returned, unless it can
 * no longer be completed. Parts of a fixed-size clip are registered with it.
 */
export async function createAsset({ db, now }: Clocked, input: CreateAssetInput): Promise<CreateAssetOutcome> {
  const checked = checkCreate(input.request, input.encoding)
  if (checked.kind !== 'valid') return checked
  const { create } = checked
  const neededBytes = create.upload === 'fixed' ? create.filesizeBytes : 1
  if (input.roomBytes !== null && input.roomBytes < neededBytes) return { kind: 'noRoom' }
  // A key belongs to the project: what was registered in the former one is another clip.
  const key = input.idempotencyKey === null ? null : `${input.projectEpoch}:${input.idempotencyKey}`
  const digest = requestDigest(input.request)

  return db.transaction(async (tx): Promise<CreateAssetOutcome> => {
    // Held to the end: moves and pauses of this device wait, and two creates with one key take turns.
    const [device] = await tx
      .select({
        name: devices.name,
        timezone: devices.timezone,
        projectId: devices.projectId,
        projectEpoch: devices.projectEpoch,
        meReadEpoch: devices.meReadEpoch,
        purgeReceiptEpoch: devices.purgeReceiptEpoch,
        isOurAgent: deviceModels.isOurAgent,
      })
      .from(devices)
      .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
      .where(and(eq(devices.id, input.deviceId), isNull(devices.revokedAt)))
      .for('no key update', { of: devices })
    if (device === undefined || device.projectEpoch !== input.projectEpoch) return { kind: 'projectChanged' }
    const fence = fenceVerdict(device)
    if (fence !== 'open') return { kind: fence }
    if (device.projectId === null) return { kind: 'noProject' }

    if (key !== null) {
      const [known] = await tx
        .select()
        .from(assets)
        .where(and(eq(assets.deviceId, input.deviceId), eq(assets.idempotencyKey, key)))
      if (known !== undefined && known.idempotencySha256 !== digest) return { kind: 'keyReused' }
      if (known !== undefined && known.state !== 'failed' && known.state !== 'closed') {
        // Its URLs live anew from here: an upload is abandoned only when they are long dead.
        await tx.update(assets).set({ updatedAt: now }).where(eq(assets.id, known.id))
        const parts = await tx
          .select({ number: assetParts.number, generation: assetParts.generation, sizeBytes: assetParts.sizeBytes })
          .from(assetParts)
          .where(eq(assetParts.assetId, known.id))
          .orderBy(asc(assetParts.number))
        return { kind: 'created', asset: known, parts: known.uploadKind === 'fixed' ? parts : [], replayed: true }
      }
      if (known !== undefined)
        await tx.update(assets).set({ idempotencyKey: null, idempotencySha256: null }).where(eq(assets.id, known.id))
    }

    const range = captureRange(create.offsetSeconds, now)
    if (await isChannelPaused({ db: tx }, { deviceId: input.deviceId, channel: create.channel, ...range }))
      return { kind: 'channelPaused' }

    const [project] = await tx.select().from(projects).where(eq(projects.id, device.projectId))
    if (project === undefined) throw new Error('the project of a device is gone: projects are archived, never deleted')
    const captured = capturedAt(create.offsetSeconds, now)
    const name = create.name.toWellFormed().replace(/\p{Cc}/gu, '_') // a NUL cannot be stored, a line break only confuses
    const id = crypto.randomUUID()
    const [asset] = await tx
      .insert(assets)
      .values({
        id,
        deviceId: input.deviceId,
        projectId: device.projectId,
        projectEpoch: device.projectEpoch,
        channel: create.channel,
        name,
        nameIsDefault: create.nameIsDefault,
        filetype: create.filetype,
        uploadKind: create.upload,
        filesizeBytes: create.upload === 'fixed' ? create.filesizeBytes : null,
        offsetSeconds: create.offsetSeconds,
        capturedAt: captured,
        folder: folderFor({
          day: project.folderBy === 'capture' ? captured : now,
          timezone: device.timezone ?? project.timezone,
          filetype: create.filetype,
          name,
          deviceName: device.name,
        }),
        storeKey: input.storeKeyFor(id),
        idempotencyKey: key,
        idempotencySha256: key === null ? null : digest,
        createdAt: now,
        updatedAt: now,
      })
      .returning()
    if (asset === undefined) throw new Error('the insert of an asset returned no row')
    const parts = create.upload === 'fixed' ? plan(create) : []
    if (create.upload === 'fixed')
      await tx.execute(sql`
        insert into asset_parts (asset_id, number, size_bytes, offset_bytes, is_final)
        select ${id}::uuid, n, ${partSize(create)}, (n - 1) * ${partSize(create)}::bigint, false
        from generate_series(1, ${create.chunkCount - 1}::integer) n
        union all
        select ${id}::uuid, ${create.chunkCount}::integer, ${lastSize(create)}::bigint,
          ${create.filesizeBytes - lastSize(create)}::bigint, true`)
    await announceDeviceChange(tx, { deviceIds: [input.deviceId], projectIds: [device.projectId] })
    return { kind: 'created', asset, parts, replayed: false }
  })
}

type FixedCreate = Extract<CheckedCreate, { upload: 'fixed' }>

const partSize = ({ filesizeBytes, chunkCount }: FixedCreate) => Math.ceil(filesizeBytes / chunkCount)
const lastSize = (create: FixedCreate) => create.filesizeBytes - partSize(create) * (create.chunkCount - 1)

const plan = (create: FixedCreate): RegisteredPart[] =>
  Array.from({ length: create.chunkCount }, (_, index) => ({
    number: index + 1,
    generation: 1,
    sizeBytes: index + 1 === create.chunkCount ? lastSize(create) : partSize(create),
  }))
