import { agentClientIdPrefix, deviceScope, grantTypes } from '@rushes/protocol'
import type { Device } from './device.ts'
import { emptyReply, jsonReply, type Reply, simpleReply } from './replies.ts'
import { type ApiRoutes, fieldsOf, type RouteRequest, textField } from './route.ts'
import type { World } from './world.ts'

/** Pairing and tokens, as `/v2/auth/*` answers. */
export const authRoutes: ApiRoutes = {
  deviceCode: (world, request, body) => {
    noteBadForm(world, request, body)
    if (!isKnownClient(world, body)) return simpleReply('invalid_client')
    if (textField(body, 'scope') !== deviceScope) return simpleReply('invalid_scope')
    const clientId = textField(body, 'client_id')
    const pairing = world.beginPairing({
      clientId,
      deviceName: textField(body, 'rushes_device_name') || `Simulated-${clientId}`,
      uploadTo: textField(body, 'rushes_upload_to') || null,
    })
    return jsonReply(200, {
      device_code: pairing.deviceCode,
      user_code: pairing.userCode,
      name: pairing.deviceName,
      expires_in: 120,
      interval: world.options.pairingIntervalSeconds,
      verification_uri: `${request.origin}/pair`,
      verification_uri_complete: `${request.origin}/pair?code=${pairing.userCode}`,
    })
  },

  token: (world, request, body) => {
    noteBadForm(world, request, body)
    switch (textField(body, 'grant_type')) {
      case grantTypes.deviceCode:
        return poll(world, body)
      case grantTypes.refreshToken:
        return refresh(world, body)
      case grantTypes.deviceSecret:
        return exchangeSecret(world, body)
      default:
        return simpleReply('unsupported_grant_type')
    }
  },

  revoke: (world, request, body) => {
    noteBadForm(world, request, body)
    const token = textField(body, 'token')
    for (const device of world.devices) if (device.tokens.knows(token)) device.tokens.revokeAll()
    return emptyReply(200)
  },
}

function poll(world: World, body: unknown): Reply {
  const pairing = world.pairings.find(
    (one) => one.deviceCode === textField(body, 'device_code') && one.clientId === textField(body, 'client_id'),
  )
  switch (pairing?.state) {
    case undefined:
      return simpleReply('invalid_grant')
    case 'pending':
      return simpleReply('authorization_pending')
    case 'denied':
      return simpleReply('access_denied')
    case 'expired':
      return simpleReply('expired_token')
    case 'approved':
      // Each poll answers with a fresh pair, so a lost reply costs nothing.
      return pairing.device === null ? simpleReply('invalid_grant') : tokensFor(pairing.device, { withSecret: true })
  }
}

function refresh(world: World, body: unknown): Reply {
  if (!isKnownClient(world, body)) return simpleReply('invalid_client')
  const token = textField(body, 'refresh_token')
  const device = world.devices.find((one) => one.tokens.knows(token) && one.clientId === textField(body, 'client_id'))
  const outcome = device?.tokens.refresh(token, device.projectEpoch)
  if (outcome?.kind === 'issued') return tokenReply(outcome.pair)
  return simpleReply(outcome?.kind === 'spent' ? 'invalid_request' : 'invalid_grant')
}

function exchangeSecret(world: World, body: unknown): Reply {
  if (!world.isOurs) {
    world.noteViolation('a device secret was sent to a foreign server')
    return simpleReply('unsupported_grant_type')
  }
  const device = world.devices.find((one) => one.isOurAgent && one.deviceSecret === textField(body, 'device_secret'))
  return device === undefined ? simpleReply('invalid_grant') : tokensFor(device, { withSecret: false })
}

function tokensFor(device: Device, { withSecret }: { withSecret: boolean }): Reply {
  const given =
    withSecret && device.isOurAgent ? { rushes: { device_id: device.id, device_secret: device.deviceSecret } } : {}
  return tokenReply(device.tokens.issue(device.projectEpoch), given)
}

const tokenReply = (pair: { accessToken: string; refreshToken: string }, more: object = {}): Reply =>
  jsonReply(200, {
    access_token: pair.accessToken,
    expires_in: 28_800,
    refresh_token: pair.refreshToken,
    token_type: 'bearer',
    ...more,
  })

function isKnownClient(world: World, body: unknown): boolean {
  const secret = textField(body, 'client_secret')
  if (secret === '') return world.isOurs && textField(body, 'client_id').startsWith(agentClientIdPrefix)
  return secret === world.options.clientSecret
}

function noteBadForm(world: World, { entry, headers }: RouteRequest, body: unknown): void {
  const contentType = headers['content-type'] ?? ''
  if (!contentType.startsWith('multipart/form-data')) world.noteViolation(`${entry.path}: sent as ${contentType}`)
  if (headers.authorization !== undefined) world.noteViolation(`${entry.path}: carries an authorization`)
  const ours = Object.keys(fieldsOf(body)).filter((name) => name.startsWith('rushes_'))
  if (!world.isOurs && ours.length > 0)
    world.noteViolation(`${entry.path}: field ${ours.join(', ')} to a foreign server`)
}
