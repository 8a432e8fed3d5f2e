import {
  c2cErrors,
  createAssetRequest,
  detailedErrorBody,
  idempotencyKeyHeader,
  maxFileSizeBytes,
  maxPartCount,
  realtimePartsRequest,
} from '@rushes/protocol'
import type { z } from 'zod'
import { Asset, type AssetPart } from './asset.ts'
import type { Device } from './device.ts'
import { asDevice } from './device-routes.ts'
import { detailedReply, jsonReply, type Reply } from './replies.ts'
import type { ApiRoutes, RouteRequest } from './route.ts'
import type { World } from './world.ts'

export const assetRoutes: ApiRoutes = {
  create: (world, request, body) => asDevice(world, request, (device) => create(world, request, body, device)),
  realtimeParts: (world, request, body) =>
    asDevice(world, request, (device) => registerParts(world, request, body, device)),
}

function create(world: World, request: RouteRequest, body: unknown, device: Device): Reply {
  const key = String(request.headers[idempotencyKeyHeader] ?? '') || null
  if (!world.isOurs && key !== null) world.noteViolation('an idempotency key was sent to a foreign server')
  const parsed = createAssetRequest.safeParse(body)
  if (!parsed.success) return invalid(parsed.error.message)
  const wanted = parsed.data
  const fenced = fence(world, device)
  if (fenced !== null) return fenced
  const { project } = device
  if (project === null) return detailedReply(detailedErrorBody(403, 'Forbidden', 'This device is in no project'))

  const known =
    world.isOurs && key !== null && world.assets.find((one) => one.device === device && one.idempotencyKey === key)
  if (known) {
    known.renewAddresses()
    return created(known, request.origin)
  }

  const offsetSeconds = wanted.offset ?? Number.NaN
  if (!Number.isInteger(offsetSeconds) || offsetSeconds < 0) world.noteViolation(`create: offset ${wanted.offset}`)
  if (world.wasPausedAt(Date.now() - Math.max(0, offsetSeconds || 0) * 1000))
    return detailedReply(c2cErrors.channelPaused)

  const isRealtime = wanted.is_realtime_upload === true
  if (wanted.name === undefined && !(isRealtime && wanted.extension !== undefined)) return invalid('name is required')
  const sizeBytes = isRealtime ? null : (wanted.filesize ?? 0)
  if (sizeBytes !== null && !(Number.isInteger(sizeBytes) && sizeBytes > 0 && sizeBytes <= maxFileSizeBytes))
    return invalid('filesize must be a number of bytes')
  const partCount = wanted.parts ?? Math.max(1, Math.ceil((sizeBytes ?? 0) / world.options.chunkSizeBytes))
  const partSizeBytes = Math.ceil((sizeBytes ?? 0) / partCount)
  const isTooSmall = wanted.parts !== undefined && partCount > 1 && partSizeBytes < world.options.minPartSizeBytes
  if (partCount < 1 || partCount > maxPartCount || isTooSmall) return detailedReply(c2cErrors.somethingWentWrong)

  const asset = new Asset({
    id: `asset-${world.assets.length + 1}`,
    device,
    projectId: project.id,
    name: wanted.name ?? `[new file]${wanted.extension}`,
    fileType: wanted.filetype ?? 'application/octet-stream',
    sizeBytes,
    offsetSeconds,
    channel: wanted.channel ?? 0,
    idempotencyKey: key,
  })
  if (sizeBytes !== null) {
    for (let number = 1; number <= partCount; number++) {
      const startBytes = (number - 1) * partSizeBytes
      asset.registerPart(number, Math.max(0, Math.min(partSizeBytes, sizeBytes - startBytes)), number === partCount)
    }
  }
  world.assets.push(asset)
  return created(asset, request.origin)
}

function registerParts(world: World, request: RouteRequest, body: unknown, device: Device): Reply {
  const asset = world.assets.find((one) => one.id === request.ids[0] && one.device === device)
  if (asset === undefined) return detailedReply(c2cErrors.notFound)
  const parsed = realtimePartsRequest.safeParse(body)
  if (!parsed.success || !asset.isRealtime) return badRequest('parts cannot be registered')
  const { parts, asset_filesize: sizeBytes, asset_name: name } = parsed.data
  const isFinal = parts.some((part) => part.is_final)
  if (isFinal !== (sizeBytes != null)) return badRequest('asset_filesize goes with the final part')
  if (asset.isClosed) return detailedReply(c2cErrors.notFound)
  const refusal = asset.registerGrowing(parts, sizeBytes ?? null, world.options.minPartSizeBytes)
  if (refusal !== null) return badRequest(refusal)
  if (name != null && asset.name.startsWith('[new file]')) asset.name = name
  const urls = parts.flatMap(({ number }) => {
    const part = asset.parts.get(number)
    return part === undefined ? [] : [urlOf(request.origin, asset, part)]
  })
  return jsonReply(200, { upload_urls: urls })
}

/** Ours refuses creates of a device that was moved until it has read so and told what it cleared. */
function fence(world: World, device: Device): Reply | null {
  if (!world.isOurs) return null
  if (device.meReadEpoch < device.projectEpoch) return detailedReply(c2cErrors.projectChanged)
  return device.purgeReceiptRequired ? detailedReply(c2cErrors.purgeReceiptMissing) : null
}

function created(asset: Asset, origin: string): Reply {
  if (asset.isRealtime) return jsonReply(200, { id: asset.id, name: asset.name })
  return jsonReply(200, {
    _type: 'file',
    id: asset.id,
    name: asset.name,
    filetype: asset.fileType,
    filesize: asset.sizeBytes,
    status: 'created',
    project_id: asset.projectId,
    upload_completed_at: null,
    realtime_upload: null,
    upload_urls: [...asset.parts.values()].map((part) => urlOf(origin, asset, part)),
  })
}

const urlOf = (origin: string, asset: Asset, part: AssetPart): string =>
  `${origin}/parts/${asset.id}/${part.number}?X-Amz-Expires=86400&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-acl&X-Amz-Signature=${part.signature}`

const badRequest = (detail: string): Reply => detailedReply(detailedErrorBody(400, 'Bad Request', detail))

function invalid(detail: z.core.$ZodError['message']): Reply {
  return detailedReply(detailedErrorBody(422, 'Unprocessable Entity', detail))
}
