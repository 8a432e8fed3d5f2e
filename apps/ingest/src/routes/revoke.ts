import { deauthorizeDevice } from '@rushes/fleet'
import { revokeRequest } from '@rushes/protocol'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { callerOf } from '../http/caller.ts'
import { takeAllowance } from '../http/rate-headers.ts'
import { refuseAuth } from '../http/reply-errors.ts'

/** `POST /v2/auth/revoke`: the device's own "Deauthorize". A token that nobody knows is answered like one that was revoked. */
export function revokeRoute(app: FastifyInstance, context: IngestContext): void {
  app.post('/v2/auth/revoke', async (request, reply) => {
    if (!takeAllowance(context, reply, callerOf(request.ip), 'auth')) return refuseAuth(reply, 429, 'slow_down')
    const form = revokeRequest.safeParse(request.body ?? {})
    if (!form.success) return refuseAuth(reply, 400, 'invalid_request')
    const { token } = form.data
    if (token === undefined) return reply.send('')
    const client = { clientId: form.data.client_id ?? null, clientSecret: form.data.client_secret ?? null }
    const outcome = await context.call((clocked) => deauthorizeDevice(clocked, { ...client, token }))
    return outcome.kind === 'clientUnknown' ? refuseAuth(reply, 400, 'invalid_client') : reply.send('')
  })
}
