import { registerParts } from '@rushes/fleet'
import { c2cErrors, realtimePartsRequest } from '@rushes/protocol'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { firstIssue } from '../http/first-issue.ts'
import { malformed, refuse } from '../http/reply-errors.ts'
import { withDevice } from '../http/with-device.ts'
import { assetIdOf } from './asset-id.ts'

/** Room for 10,000 parts, one field a line and indented. */
const maxBodyBytes = 2 * 1024 * 1024

/** `POST /v2/devices/assets/{id}/realtime_upload/parts`: registers parts of a growing clip and gives their URLs, in their order. */
export function realtimePartsRoute(app: FastifyInstance, context: IngestContext): void {
  const route = withDevice(context, 'update', async (device, request, reply) => {
    const assetId = assetIdOf(request)
    if (assetId === null) return refuse(reply, c2cErrors.notFound)
    const body = realtimePartsRequest.safeParse(request.body)
    if (!body.success) return refuse(reply, malformed(firstIssue(body.error)))
    const outcome = await context.call((clocked) =>
      registerParts(clocked, { deviceId: device.id, assetId, request: body.data }),
    )
    switch (outcome.kind) {
      case 'registered': {
        const { id, storeKey, filetype } = outcome.asset
        const urls = await context.store.partUrls({ assetId: id, storeKey, filetype }, outcome.parts, context.clock())
        return reply.send({ upload_urls: urls })
      }
      case 'assetUnknown':
      case 'uploadEnded':
        return refuse(reply, c2cErrors.notFound)
      case 'refused':
        return refuse(reply, malformed(outcome.detail))
    }
  })
  for (const path of ['/v2/devices/assets', '/v2/assets'])
    app.post(`${path}/:id/realtime_upload/parts`, { bodyLimit: maxBodyBytes, ...route })
}
