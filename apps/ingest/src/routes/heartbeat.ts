import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { withDevice } from '../http/with-device.ts'

/** `POST /v2/devices/heartbeat`: that it came is all there is to it, and every call is noted as such. */
export function heartbeatRoute(app: FastifyInstance, context: IngestContext): void {
  app.register(async (scope) => {
    // There is no body; what a device sends as one, of whatever type, is passed over.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
    scope.post(
      '/v2/devices/heartbeat',
      withDevice(context, 'read', async (_device, _request, reply) => reply.code(204).send()),
    )
  })
}
