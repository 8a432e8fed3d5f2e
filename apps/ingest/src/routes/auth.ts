import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { answerAuthFailure } from '../http/error-handler.ts'
import { deviceCodeRoute } from './device-code.ts'
import { revokeRoute } from './revoke.ts'
import { tokenRoute } from './token.ts'

const maxBodyBytes = 16 * 1024

/** The auth endpoints: forms of either encoding, errors in the simple shape. */
export function authRoutes(app: FastifyInstance, context: IngestContext): void {
  app.register(async (scope) => {
    scope.setErrorHandler(answerAuthFailure)
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
