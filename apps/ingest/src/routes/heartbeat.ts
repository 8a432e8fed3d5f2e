import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { withDevice } from '../http/with-device.ts'

/** `POST /v2/devices/heartbeat`: that it came is all there is to it, and every call is noted as such. */
export function heartbeatRoute(app: FastifyInstance, context: IngestContext): void {
  app.post(
    '/v2/devices/heartbeat',
    withDevice(context, 'read', async (_device, _request, reply) => reply.code(204).send()),
  )
}
