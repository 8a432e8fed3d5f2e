import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { answerAuthFailure } from '../http/error-handler.ts'
import { refuseAuth } from '../http/reply-errors.ts'
import { deviceCodeRoute } from './device-code.ts'
import { revokeRoute } from './revoke.ts'
import { tokenRoute } from './token.ts'

const maxBodyBytes = 16 * 1024

/** The auth endpoints: forms of either encoding, errors in the simple shape. */
export function authRoutes(app: FastifyInstance, context: IngestContext): void {
  app.register(async (scope) => {
    // What fails before the route is the reading of the form, and its parsers throw plain errors.
    const isRead = new WeakSet<FastifyRequest>()
    scope.addHook('preHandler', async (request) => void isRead.add(request))
    scope.setErrorHandler<FastifyError>((error, request, reply) =>
      isRead.has(request) ? answerAuthFailure(error, request, reply) : refuseAuth(reply, 400, 'invalid_request'),
    )
    scope.register(formbody, { bodyLimit: maxBodyBytes })
    scope.register(multipart, {
      attachFieldsToBody: 'keyValues',
      limits: { fields: 20, fieldNameSize: 100, fieldSize: 4_096, files: 0, parts: 20 },
    })
    deviceCodeRoute(scope, context)
    tokenRoute(scope, context)
    revokeRoute(scope, context)
  })
}
