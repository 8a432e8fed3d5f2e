import { readAssetStatus, recordCustody } from '@rushes/fleet'
import { type AssetCustody, c2cErrors, custodyRequest } from '@rushes/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { firstIssue } from '../http/first-issue.ts'
import { malformed, refuse, unprocessable } from '../http/reply-errors.ts'
import { withDevice } from '../http/with-device.ts'
import { assetIdOf } from './asset-id.ts'

/** Room for the digests of 10,000 parts. */
const maxBodyBytes = 2 * 1024 * 1024

/** `PUT …/custody`: the digests of the bytes as they left the device. `GET` of the asset: how far it is, and what is proven of it. */
export function custodyRoutes(app: FastifyInstance, context: IngestContext): void {
  app.put('/v2/devices/assets/:id/custody', {
    bodyLimit: maxBodyBytes,
    ...withDevice(context, 'update', async (device, request, reply) => {
      const assetId = assetIdOf(request)
      if (assetId === null) return refuse(reply, c2cErrors.notFound)
      const body = custodyRequest.safeParse(request.body)
      if (!body.success) return refuse(reply, malformed(firstIssue(body.error)))
      const outcome = await context.call((clocked) =>
        recordCustody(clocked, { deviceId: device.id, assetId, custody: body.data }),
      )
      if (outcome.kind === 'assetUnknown') return refuse(reply, c2cErrors.notFound)
      if (outcome.kind === 'partsDiffer') return refuse(reply, unprocessable(`parts: ${outcome.detail}`))
      if (outcome.kind === 'recorded' && outcome.verify) context.onReadyToVerify(assetId)
      const status = await currentStatus(context, request, { deviceId: device.id, assetId })
      return status === null ? refuse(reply, c2cErrors.notFound) : reply.send(status)
    }),
  })
  app.get(
    '/v2/devices/assets/:id',
    withDevice(context, 'read', async (device, request, reply) => {
      const assetId = assetIdOf(request)
      const status = assetId === null ? null : await currentStatus(context, request, { deviceId: device.id, assetId })
      return status === null ? refuse(reply, c2cErrors.notFound) : reply.send(status)
    }),
  )
}

/** Of an open clip, what has arrived by now: a device that asks is about to send what is missing once more. */
async function currentStatus(
  context: IngestContext,
  request: FastifyRequest,
  asked: { deviceId: string; assetId: string },
): Promise<AssetCustody | null> {
  const read = () => context.call((clocked) => readAssetStatus(clocked, asked))
  const status = await read()
  if (status?.status !== 'created') return status
  try {
    await context.noticeParts(asked.assetId)
  } catch (error) {
    // What was known before is still true of the parts that it names as arrived.
    request.log.warn({ err: error, assetId: asked.assetId }, 'the store could not be asked for the parts of an upload')
    return status
  }
  return read()
}
