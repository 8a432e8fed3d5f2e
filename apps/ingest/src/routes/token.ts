import { grantByDeviceSecret, type IssuedTokens, pollPairing, refreshTokenPair } from '@rushes/fleet'
import { grantTypes, type TokenResponse, tokenRequest } from '@rushes/protocol'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import type { IngestContext } from '../context.ts'
import { callerOf } from '../http/caller.ts'
import { takeAllowance } from '../http/rate-headers.ts'
import { refuseAuth } from '../http/reply-errors.ts'

/** An older specification misspells the field, and devices were made by it. */
const tokenForm = z.preprocess(
  (form) =>
    typeof form === 'object' && form !== null && 'refresh_tokem' in form
      ? { refresh_token: form.refresh_tokem, ...form }
      : form,
  tokenRequest,
)
type TokenForm = z.infer<typeof tokenForm>

/** `POST /v2/auth/token`: polling for a pairing, refreshing, and our agents' way back by their device secret. */
export function tokenRoute(app: FastifyInstance, context: IngestContext): void {
  app.post('/v2/auth/token', async (request, reply) => {
    if (!takeAllowance(context, reply, callerOf(request.ip), 'auth')) return refuseAuth(reply, 429, 'slow_down')
    reply.header('cache-control', 'no-store')
    const form = tokenForm.safeParse(request.body)
    if (!form.success) return refuseAuth(reply, 400, 'invalid_request')
    switch (form.data.grant_type) {
      case grantTypes.deviceCode:
        return poll(context, form.data, reply)
      case grantTypes.refreshToken:
        return refresh(context, form.data, reply)
      case grantTypes.deviceSecret:
        return bySecret(context, form.data, reply)
      default:
        return refuseAuth(reply, 400, 'unsupported_grant_type')
    }
  })
}

async function poll(context: IngestContext, form: TokenForm, reply: FastifyReply): Promise<FastifyReply> {
  const deviceCode = form.device_code
  if (deviceCode === undefined) return refuseAuth(reply, 400, 'invalid_request')
  const client = { clientId: form.client_id, clientSecret: form.client_secret ?? null }
  const outcome = await context.call((clocked) => pollPairing(clocked, { ...client, deviceCode }))
  switch (outcome.kind) {
    case 'paired': {
      const link = outcome.controlLink
      const rushes = link === null ? {} : { rushes: { device_id: link.deviceId, device_secret: link.deviceSecret } }
      return reply.send({ ...tokenBody(outcome.tokens), ...rushes } satisfies TokenResponse)
    }
    case 'authorizationPending':
      return refuseAuth(reply, 400, 'authorization_pending')
    case 'slowDown':
      return refuseAuth(reply, 400, 'slow_down')
    case 'codeExpired':
      return refuseAuth(reply, 400, 'expired_token')
    case 'denied':
      return refuseAuth(reply, 400, 'access_denied')
    case 'clientUnknown':
      return refuseAuth(reply, 400, 'invalid_client')
    case 'codeInvalid':
      return refuseAuth(reply, 400, 'invalid_grant')
  }
}

async function refresh(context: IngestContext, form: TokenForm, reply: FastifyReply): Promise<FastifyReply> {
  const refreshToken = form.refresh_token
  if (refreshToken === undefined) return refuseAuth(reply, 400, 'invalid_request')
  const client = { clientId: form.client_id, clientSecret: form.client_secret ?? null }
  const outcome = await context.call((clocked) => refreshTokenPair(clocked, { ...client, refreshToken }))
  switch (outcome.kind) {
    case 'refreshed':
      return reply.send(tokenBody(outcome.tokens))
    case 'clientUnknown':
      return refuseAuth(reply, 400, 'invalid_client')
    case 'tokenReused':
      return refuseAuth(reply, 400, 'invalid_request')
    case 'credentialsDead':
      // The documented sign, to a device that refreshes, that it has to be paired again.
      return refuseAuth(reply, 401, 'invalid_grant')
  }
}

async function bySecret(context: IngestContext, form: TokenForm, reply: FastifyReply): Promise<FastifyReply> {
  const deviceSecret = form.device_secret
  if (deviceSecret === undefined) return refuseAuth(reply, 400, 'invalid_request')
  const outcome = await context.call((clocked) =>
    grantByDeviceSecret(clocked, { clientId: form.client_id, deviceSecret }),
  )
  return outcome.kind === 'granted' ? reply.send(tokenBody(outcome.tokens)) : refuseAuth(reply, 401, 'invalid_grant')
}

const tokenBody = (tokens: IssuedTokens): TokenResponse => ({
  access_token: tokens.accessToken,
  expires_in: tokens.expiresInSeconds,
  refresh_token: tokens.refreshToken,
  token_type: 'bearer',
})
