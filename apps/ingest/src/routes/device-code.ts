import { requestPairingCode } from '@rushes/fleet'
import { type DeviceCodeResponse, deviceCodeRequest } from '@rushes/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { callerOf } from '../http/caller.ts'
import { clientVersion } from '../http/client-version.ts'
import { takeAllowance } from '../http/rate-headers.ts'
import { refuseAuth } from '../http/reply-errors.ts'

/** `POST /v2/auth/device/code`, and the path of the older specification: a device asks to be let in. */
export function deviceCodeRoute(app: FastifyInstance, context: IngestContext): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!takeAllowance(context, reply, callerOf(request.ip), 'auth')) return refuseAuth(reply, 429, 'slow_down')
    const form = deviceCodeRequest.safeParse(request.body)
    if (!form.success) return refuseAuth(reply, 400, 'invalid_request')
    const outcome = await context.call((clocked) =>
      requestPairingCode(clocked, {
        clientId: form.data.client_id,
        clientSecret: form.data.client_secret ?? null,
        scope: form.data.scope,
        deviceName: form.data.rushes_device_name ?? null,
        uploadTo: form.data.rushes_upload_to ?? null,
        firmwareVersion: clientVersion(request),
        remoteAddress: request.ip,
      }),
    )
    switch (outcome.kind) {
      case 'clientUnknown':
        return refuseAuth(reply, 400, 'invalid_client')
      case 'scopeInvalid':
        return refuseAuth(reply, 400, 'invalid_scope')
      case 'tooManyPending':
        return refuseAuth(reply, 400, 'slow_down')
      case 'requested':
        return reply.send({
          device_code: outcome.deviceCode,
          user_code: outcome.userCode,
          name: outcome.deviceName,
          expires_in: outcome.expiresInSeconds,
          interval: outcome.intervalSeconds,
          verification_uri: `${context.publicUrl}/add-device`,
          // The address that a QR code holds; only devices that can show one ask for it.
          verification_uri_complete:
            request.headers['x-client-platypus-enabled'] === 'true'
              ? `${context.publicUrl}/add-device?code=${outcome.userCode}`
              : null,
        } satisfies DeviceCodeResponse)
    }
  }
  app.post('/v2/auth/device/code', handle)
  app.post('/v2/device/code', handle)
}
