import { approvePairing, denyPairing, listPendingPairings } from '@rushes/fleet'
import { deviceCodeResponse, tokenResponse } from '@rushes/protocol'
import { expect } from 'vitest'
import { ana } from '../../support/pair.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import { approve, askCode, camera, pollFields, type World } from '../world.ts'

const scope = 'asset_create offline'
const fields = { ...camera, scope }
const code = {
  device_code: expect.stringMatching(/^[\w-]{40,}$/),
  user_code: expect.stringMatching(/^\d{6}$/),
  name: 'Generic C2C device-CAM-0001',
  expires_in: 120,
  interval: 2,
  verification_uri: 'https://rushes.test/add-device',
  verification_uri_complete: null,
}
const tokens = {
  access_token: expect.stringMatching(/^[\w-]{40,}$/),
  expires_in: 28_800,
  refresh_token: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  token_type: 'bearer',
}
const poll = (deviceCode: string, client?: Record<string, string>): Sent => ({
  to: 'POST /v2/auth/token',
  multipart: pollFields(deviceCode, client),
})

const asked = (title: string, sent: Omit<Sent, 'to'> & { to?: string }, body: unknown = code) =>
  row({
    title: `a code asked for ${title}`,
    topics: ['pairingCode'],
    send: () => ({ to: 'POST /v2/auth/device/code', ...sent }),
    expect: { status: 200, body },
  })

const refusedCode = (title: string, sent: Partial<Sent>, error: string) =>
  row({
    title: `a code asked for with ${title}`,
    topics: ['pairingCode', 'errorShapes', 'noEmulator'],
    send: () => ({ to: 'POST /v2/auth/device/code', ...sent }),
    expect: { status: 400, body: { error } },
  })

const refusedPoll = (title: string, multipart: Record<string, string>, error: string) =>
  row({
    title: `a poll with ${title}`,
    topics: ['pairingPoll', 'errorShapes'],
    send: () => ({ to: 'POST /v2/auth/token', multipart }),
    expect: { status: 400, body: { error } },
  })

/** As many wrong codes as somebody may type. */
async function guess(at: World, actor: typeof ana, remoteAddress: string) {
  for (let i = 0; i < 10; i++)
    await approvePairing(at.acting(0, actor), { userCode: 'wrong', projectId: at.ingest.projectId, remoteAddress })
}

export const pairingRows: Row[] = [
  asked('by multipart form', { multipart: fields }),
  asked('by urlencoded form', { urlencoded: fields }),
  asked('by JSON', { json: fields }),
  asked('on the path of the older specification', { to: 'POST /v2/device/code', multipart: fields }),
  asked('with its scopes the other way round', { multipart: { ...camera, scope: 'offline asset_create' } }),
  asked(
    'by a device that shows an address as a QR code',
    { multipart: fields, headers: { 'x-client-platypus-enabled': 'true' } },
    { ...code, verification_uri_complete: expect.stringMatching(/^https:\/\/rushes\.test\/add-device\?code=\d{6}$/) },
  ),
  refusedCode('a wrong secret', { multipart: { ...fields, client_secret: 'wrong' } }, 'invalid_client'),
  refusedCode('no secret', { multipart: { client_id: 'CAM-0001', scope } }, 'invalid_client'),
  refusedCode('no client id', { multipart: { client_secret: camera.client_secret, scope } }, 'invalid_request'),
  refusedCode('a NUL in the client id', { multipart: { ...fields, client_id: 'CAM\0' } }, 'invalid_request'),
  refusedCode(
    'an upload address that is none of the web',
    { multipart: { ...fields, rushes_upload_to: 'javascript:alert(1)' } },
    'invalid_request',
  ),
  refusedCode('a client id of 4 KB', { multipart: { ...fields, client_id: 'x'.repeat(4_000) } }, 'invalid_request'),
  refusedCode('a scope that no device has', { multipart: { ...camera, scope: 'asset_read' } }, 'invalid_scope'),
  refusedCode('no scope', { multipart: camera }, 'invalid_request'),
  refusedCode('no body', {}, 'invalid_request'),
  refusedCode(
    'a body that is none of the three',
    { raw: 'x', headers: { 'content-type': 'text/plain' } },
    'invalid_request',
  ),
  refusedCode(
    'a form that is not what it says',
    { raw: 'a=b', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
    'invalid_request',
  ),
  refusedCode(
    'a field twice',
    {
      raw: 'client_id=a&client_id=b&client_secret=c&scope=d',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    'invalid_request',
  ),
  refusedCode(
    'more than a form holds',
    { urlencoded: { ...fields, client_id: 'x'.repeat(100_000) } },
    'invalid_request',
  ),

  row({
    title: 'a poll before anybody has answered',
    topics: ['pairingPoll', 'noEmulator'],
    given: (at) => askCode(at),
    send: (_at, { device_code }) => poll(device_code),
    expect: { status: 400, body: { error: 'authorization_pending' } },
  }),
  row({
    title: 'a poll right after another',
    topics: ['pairingPoll'],
    given: async (at) => {
      const asked = await askCode(at)
      await exchange(at, poll(asked.device_code))
      return asked
    },
    send: (_at, { device_code }) => poll(device_code),
    expect: { status: 400, body: { error: 'slow_down' } },
  }),
  row({
    title: 'a poll after the 120 seconds of the code',
    topics: ['pairingPoll', 'noEmulator'],
    given: (at) => askCode(at),
    send: (at, { device_code }) => {
      at.aheadMs = 121_000
      return poll(device_code)
    },
    expect: { status: 400, body: { error: 'expired_token' } },
    after: async (at, { user_code }) => {
      expect((await approve(at, user_code)).kind).toBe('codeExpired')
      at.aheadMs = 0
    },
  }),
  row({
    title: 'a poll once approved',
    topics: ['pairingPoll'],
    given: async (at) => {
      const asked = await askCode(at)
      await approve(at, asked.user_code)
      return asked
    },
    send: (_at, { device_code }) => poll(device_code),
    expect: { status: 200, body: tokens, headers: { 'cache-control': 'no-store' } },
    after: async (at, { device_code }, reply) => {
      const again = await exchange(at, poll(device_code))
      expect(again.status).toBe(200) // the reply may have been lost
      const used = tokenResponse.parse(again.body).access_token
      await exchange(at, { to: 'GET /v2/devices/me', headers: { authorization: `Bearer ${used}` } })
      expect((await exchange(at, poll(device_code))).body).toEqual({ error: 'invalid_grant' })
      const first = tokenResponse.parse(reply.body).access_token
      const late = await exchange(at, { to: 'GET /v2/devices/me', headers: { authorization: `Bearer ${first}` } })
      expect(late.status).toBe(401)
    },
  }),
  row({
    title: 'a poll once denied',
    topics: ['pairingPoll'],
    given: async (at) => {
      const asked = await askCode(at, { ...camera, client_id: 'CAM-denied' })
      const waiting = (await listPendingPairings(at.acting())).find((one) => one.clientId === 'CAM-denied')
      await denyPairing(at.acting(), { requestId: waiting?.id ?? '' })
      return asked
    },
    send: (_at, { device_code }) => poll(device_code, { ...camera, client_id: 'CAM-denied' }),
    expect: { status: 400, body: { error: 'access_denied' } },
  }),
  row({
    title: 'a poll without the secret, as older specifications have it',
    topics: ['pairingPoll'],
    given: (at) => askCode(at),
    send: (_at, { device_code }) => poll(device_code, { client_id: camera.client_id }),
    expect: { status: 400, body: { error: 'authorization_pending' } },
  }),
  row({
    title: 'a poll of one of our agents, which have no secret, gives the credential of the control link as well',
    topics: ['pairingPoll'],
    given: async (at) => {
      const asked = await askCode(at, { client_id: 'rushes-agent-1' })
      await approve(at, asked.user_code)
      return asked
    },
    send: (_at, { device_code }) => poll(device_code, { client_id: 'rushes-agent-1' }),
    expect: {
      status: 200,
      has: { ...tokens, rushes: { device_secret: expect.stringMatching(/^rushes_dev_[0-9a-f-]{36}\./) } },
    },
  }),
  row({
    title: 'a poll with the code of another device',
    topics: ['pairingPoll', 'noEmulator'],
    given: (at) => askCode(at),
    send: (_at, { device_code }) => poll(device_code, { ...camera, client_id: 'CAM-0002' }),
    expect: { status: 400, body: { error: 'invalid_grant' } },
  }),
  refusedPoll('a code that nobody was given', pollFields('made-up'), 'invalid_grant'),
  refusedPoll('no code', { ...camera, grant_type: 'urn:ietf:params:oauth:grant-type:device_code' }, 'invalid_request'),
  refusedPoll('a wrong secret', pollFields('x', { ...camera, client_secret: 'wrong' }), 'invalid_client'),
  refusedPoll('no grant type', camera, 'invalid_request'),
  refusedPoll('a grant type of another protocol', { ...camera, grant_type: 'password' }, 'unsupported_grant_type'),

  row({
    title: 'a poll for a code that was typed by somebody who had guessed ten times: the right one is refused as well',
    topics: ['guessing', 'noEmulator'],
    given: async (at) => {
      const asked = await askCode(at)
      const bea = { ...ana, id: 'person-bea' }
      await guess(at, bea, '192.0.2.7')
      const right = { userCode: asked.user_code, projectId: at.ingest.projectId }
      const fromElsewhere = await approvePairing(at.acting(0, bea), { ...right, remoteAddress: '198.51.100.1' })
      expect(fromElsewhere.kind).toBe('lockedOut')
      const byAnother = await approvePairing(at.acting(), { ...right, remoteAddress: '192.0.2.7' })
      expect(byAnother.kind).toBe('lockedOut')
      return asked
    },
    send: (_at, { device_code }) => poll(device_code),
    expect: { status: 400, body: { error: 'authorization_pending' } },
    after: async (at, { user_code }) => {
      const right = { userCode: user_code, projectId: at.ingest.projectId, remoteAddress: '198.51.100.1' }
      expect((await approvePairing(at.acting(), right)).kind).toBe('approved')
    },
  }),
  row({
    title: 'more codes than an address may have open',
    topics: ['pairingCode', 'guessing'],
    given: async (at) => {
      for (let i = 0; i < 30; i++) {
        const reply = await exchange(at, { to: 'POST /v2/auth/device/code', multipart: fields })
        if (!deviceCodeResponse.safeParse(reply.body).success) return
      }
    },
    send: () => ({ to: 'POST /v2/auth/device/code', multipart: fields }),
    expect: { status: 400, body: { error: 'slow_down' } },
    after: async (at) =>
      void (await at.ingest.database.pool.query('delete from pairing_requests where device_id is null')),
  }),
]
