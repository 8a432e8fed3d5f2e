import formbody from '@fastify/formbody'
import { type CreatedAsset, createAssets } from '@rushes/fleet'
import { c2cErrors, createAssetRequest, detailedErrorBody, idempotencyKeyHeader } from '@rushes/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { firstIssue } from '../http/first-issue.ts'
import { malformed, outOfSpace, refuse, unprocessable } from '../http/reply-errors.ts'
import { stableUuid } from '../http/stable-uuid.ts'
import { withDevice } from '../http/with-device.ts'

const noProject = detailedErrorBody(
  403,
  'No Project',
  'This device belongs to no project; an operator has to assign one',
)
const maxBodyBytes = 64 * 1024

/** `POST /v2/devices/assets` and its deprecated alias: registers a clip, with the URLs of its parts unless it still grows. */
export function createAssetRoute(app: FastifyInstance, context: IngestContext): void {
  const createAsset = context.call.together(createAssets, { holdsDevices: true })
  const route = withDevice(context, 'create', async (device, request, reply, arrivedAt) => {
    const encoding = isForm(request) ? 'form' : 'json'
    const body = createAssetRequest.safeParse(encoding === 'form' ? fromForm(request.body) : request.body)
    if (!body.success) return refuse(reply, malformed(firstIssue(body.error)))
    const sentKey = request.headers[idempotencyKeyHeader]
    if (sentKey !== undefined && (typeof sentKey !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sentKey)))
      return refuse(reply, malformed('Idempotency-Key: 1 to 255 printable characters'))

    // Even without a key of the device's, a create that is repeated because the database went away makes one clip.
    const idempotencyKey = sentKey === undefined ? `request ${request.id}` : `key ${sentKey}`
    const create = {
      deviceId: device.id,
      projectEpoch: device.projectEpoch,
      request: body.data,
      encoding,
      idempotencyKey,
      // The age of the clip was right then: counted from a later try, a clip of a pause would pass for one after it.
      arrivedAt,
      roomBytes: await context.room.bytes(),
      storeKeyFor: (assetId: string) => context.store.uploadKey(assetId),
    } as const
    const outcome = await createAsset(create, { turn: device.id })
    switch (outcome.kind) {
      case 'created': {
        const { asset } = outcome
        if (asset.uploadKind === 'realtime') return reply.send({ id: asset.id, name: asset.name })
        const upload = { assetId: asset.id, storeKey: asset.storeKey, filetype: asset.filetype }
        const urls = await context.store.partUrls(upload, outcome.parts, context.clock())
        return reply.send(assetBody(asset, urls))
      }
      case 'malformed':
        return refuse(reply, malformed(outcome.detail))
      case 'impossibleParts':
        return refuse(reply, c2cErrors.somethingWentWrong)
      case 'noRoom':
        return refuse(reply, outOfSpace)
      case 'channelPaused':
        return refuse(reply, c2cErrors.channelPaused)
      case 'projectChanged':
        return refuse(reply, c2cErrors.projectChanged)
      case 'purgeReceiptMissing':
        return refuse(reply, c2cErrors.purgeReceiptMissing)
      case 'noProject':
        return refuse(reply, noProject)
      case 'keyReused':
        return refuse(reply, unprocessable('Idempotency-Key: this key came before with another request'))
    }
  })
  app.register(async (scope) => {
    scope.register(formbody, { bodyLimit: maxBodyBytes })
    for (const path of ['/v2/devices/assets', '/v2/assets']) scope.post(path, { bodyLimit: maxBodyBytes, ...route })
  })
}

const isForm = (request: FastifyRequest) =>
  /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')

/** A form has texts only; what reads as a number or a truth value becomes one, the rest is left for the schema to refuse. */
function fromForm(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  const typed: Record<string, unknown> = { ...body }
  for (const field of ['filesize', 'offset', 'channel', 'parts']) {
    const text = typed[field]
    if (typeof text === 'string' && /^-?\d{1,16}(\.\d{1,9})?$/.test(text)) typed[field] = Number(text)
    if (text === '') delete typed[field]
  }
  if (typed.is_realtime_upload === 'true') typed.is_realtime_upload = true
  if (typed.is_realtime_upload === 'false') typed.is_realtime_upload = false
  return typed
}

/** The documented body of an asset that was just registered. */
function assetBody(asset: CreatedAsset, uploadUrls: string[]) {
  return {
    _type: 'file',
    type: 'file',
    id: asset.id,
    name: asset.name,
    filetype: asset.filetype,
    filesize: asset.filesizeBytes,
    status: 'created',
    project_id: asset.projectId,
    parent_id: stableUuid(`folder ${asset.projectId} ${asset.folder}`),
    creator_id: asset.deviceId,
    inserted_at: asset.createdAt.toISOString(),
    uploaded_at: asset.capturedAt.toISOString(),
    upload_completed_at: null,
    realtime_upload: null,
    original: null,
    upload_urls: uploadUrls,
  }
}
