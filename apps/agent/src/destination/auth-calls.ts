import {
  type AuthErrorCode,
  authErrorCodes,
  deviceCodeResponse,
  deviceScope,
  grantTypes,
  simpleError,
  type TokenResponse,
  tokenResponse,
} from '@rushes/protocol'
import { type Call, call, parsed } from './call.ts'
import type {
  Additions,
  CallFailure,
  Destination,
  DestinationSettings,
  PairingPoll,
  Tokens,
  Unsuccessful,
} from './port.ts'
import { parseJson } from './reply-failure.ts'

type AuthCalls = Pick<Destination, 'requestPairingCode' | 'pollPairing' | 'refresh' | 'revoke'> &
  Pick<Additions, 'exchangeDeviceSecret'>

/** Pairing and tokens: `multipart/form-data` to `/v2/auth/*`, errors in the simple shape. */
export function authCalls(settings: DestinationSettings, baseUrl: URL, isOurs: boolean): AuthCalls {
  const askForTokens = async (form: NonNullable<Call['form']>, signal: AbortSignal) => {
    const answer = await call(settings, baseUrl, { method: 'POST', path: '/v2/auth/token', form }, signal)
    return answer.kind === 'answered' ? parsed(tokenResponse, answer) : answer
  }
  const newTokens = async (form: NonNullable<Call['form']>, signal: AbortSignal) => {
    const reply = await askForTokens(form, signal)
    return reply.kind === 'parsed' ? { kind: 'tokens' as const, tokens: tokensOf(reply.value) } : reply
  }
  return {
    requestPairingCode: async ({ clientId, clientSecret, deviceName, uploadTo }, signal) => {
      const form = {
        client_id: clientId,
        client_secret: clientSecret,
        scope: deviceScope,
        ...(isOurs ? { rushes_device_name: deviceName, rushes_upload_to: uploadTo } : {}),
      }
      // The platform sends its address for QR codes only to clients that ask for it.
      const headers = { 'x-client-platypus-enabled': 'true' }
      const answer = await call(
        settings,
        baseUrl,
        { method: 'POST', path: '/v2/auth/device/code', form, headers },
        signal,
      )
      if (answer.kind !== 'answered') return answer
      const reply = parsed(deviceCodeResponse, answer)
      if (reply.kind !== 'parsed') return reply
      return {
        kind: 'code',
        deviceCode: reply.value.device_code,
        userCode: reply.value.user_code,
        deviceName: reply.value.name,
        expiresInMs: reply.value.expires_in * 1000,
        intervalMs: reply.value.interval * 1000,
        verificationUri: reply.value.verification_uri,
        verificationUriComplete: reply.value.verification_uri_complete ?? null,
      }
    },
    pollPairing: async ({ clientId, clientSecret, deviceCode }, signal) => {
      const form = {
        grant_type: grantTypes.deviceCode,
        client_id: clientId,
        client_secret: clientSecret,
        device_code: deviceCode,
      }
      const reply = await askForTokens(form, signal)
      if (reply.kind !== 'parsed') return pollOutcome(reply)
      const given = isOurs ? reply.value.rushes : undefined
      return {
        kind: 'paired',
        tokens: tokensOf(reply.value),
        controlLink: given === undefined ? null : { deviceId: given.device_id, deviceSecret: given.device_secret },
      }
    },
    refresh: ({ clientId, clientSecret, refreshToken }, signal) =>
      newTokens(
        {
          grant_type: grantTypes.refreshToken,
          client_id: clientId,
          client_secret: clientSecret,
          refresh_token: refreshToken,
        },
        signal,
      ),
    exchangeDeviceSecret: ({ clientId, deviceSecret }, signal) =>
      newTokens({ grant_type: grantTypes.deviceSecret, client_id: clientId, device_secret: deviceSecret }, signal),
    revoke: async ({ clientId, clientSecret, token }, signal) => {
      const form = { client_id: clientId, client_secret: clientSecret, token }
      const answer = await call(settings, baseUrl, { method: 'POST', path: '/v2/auth/revoke', form }, signal)
      return answer.kind === 'answered' ? { kind: 'revoked' } : answer
    },
  }
}

function pollOutcome(reply: Unsuccessful): PairingPoll {
  const code = reply.kind === 'failed' ? authErrorCode(reply.failure) : null
  switch (code) {
    case null:
      return reply
    case 'authorization_pending':
      return { kind: 'pending' }
    case 'slow_down':
      return { kind: 'slowDown' }
    case 'expired_token':
      return { kind: 'expired' }
    default:
      return { kind: 'refused', code }
  }
}

/** Of a 4xx with one of the documented words; whatever else was answered says nothing about the code. */
function authErrorCode(failure: CallFailure): AuthErrorCode | null {
  if (failure.kind !== 'reply' || failure.status < 400 || failure.status >= 500) return null
  const body = simpleError.safeParse(parseJson(failure.body))
  return body.success ? (authErrorCodes.find((code) => code === body.data.error) ?? null) : null
}

const tokensOf = (reply: TokenResponse): Tokens => ({
  accessToken: reply.access_token,
  accessLifetimeMs: reply.expires_in * 1000,
  refreshToken: reply.refresh_token,
})
