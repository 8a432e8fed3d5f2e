import { approvePairing } from '@rushes/fleet'
import { deviceCodeResponse, grantTypes, tokenResponse } from '@rushes/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ana, form, pairDevice, refreshDevice, send } from '../support/pair.ts'
import { clientSecret, startTestIngest, type TestIngest } from '../support/test-ingest.ts'

let ingest: TestIngest
beforeAll(async () => {
  ingest = await startTestIngest()
})
afterAll(() => ingest.stop())

const client = { client_id: 'CAM-0001', client_secret: clientSecret }
const scope = 'asset_create offline'
const post = (path: string, body: FormData | URLSearchParams | undefined, headers: Record<string, string> = {}) =>
  send('POST', ingest.url + path, body === undefined ? { headers } : { headers, body })
const ask = async (fields: Record<string, string> = client, headers = {}) =>
  deviceCodeResponse.parse((await post('/v2/auth/device/code', form({ ...fields, scope }), headers)).body)
const poll = (device_code: string, fields: Record<string, string> = client) =>
  post('/v2/auth/token', form({ ...fields, grant_type: grantTypes.deviceCode, device_code }))
const approve = (userCode: string) =>
  approvePairing(
    { db: ingest.database.db, now: new Date(), actor: ana },
    { userCode, projectId: ingest.projectId, remoteAddress: null },
  )

describe('asking for a code', () => {
  test.each(['/v2/auth/device/code', '/v2/device/code'])('%s takes both encodings of a form', async (path) => {
    for (const body of [form({ ...client, scope }), new URLSearchParams({ ...client, scope })]) {
      const reply = await post(path, body)
      expect(reply.status).toBe(200)
      expect(reply.body).toMatchObject({
        user_code: expect.stringMatching(/^\d{6}$/),
        name: 'Generic C2C device-CAM-0001',
        expires_in: 120,
        verification_uri: 'https://rushes.test/add-device',
        verification_uri_complete: null,
      })
    }
  })

  test('gives the address for a QR code to a device that asks for it', async () => {
    const asked = await ask(client, { 'x-client-platypus-enabled': 'true' })
    expect(asked.verification_uri_complete).toBe(`https://rushes.test/add-device?code=${asked.user_code}`)
  })

  test.each([
    ['a wrong secret', { ...client, client_secret: 'wrong', scope }, 'invalid_client'],
    ['no secret', { client_id: 'CAM-0001', scope }, 'invalid_client'],
    ['no client id', { client_secret: clientSecret, scope }, 'invalid_request'],
    ['another scope', { ...client, scope: 'everything' }, 'invalid_scope'],
    ['no scope', { ...client }, 'invalid_request'],
  ])('with %s is answered 400 in the simple shape', async (_what, fields: Record<string, string>, error) => {
    const reply = await post('/v2/auth/device/code', form(fields))
    expect([reply.status, reply.body]).toEqual([400, { error }])
  })

  test.each([
    ['no body', undefined, {}],
    ['a body of another type', new URLSearchParams('a=b'), { 'content-type': 'text/plain' }],
    [
      'a body that is not what it says',
      new URLSearchParams('a=b'),
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
    ['the same field twice', new URLSearchParams('client_id=a&client_id=b&client_secret=c&scope=d'), {}],
    ['a body beyond all bounds', new URLSearchParams({ client_id: 'x'.repeat(100_000) }), {}],
  ])('with %s is answered 400 in the simple shape', async (_what, body, headers) => {
    const reply = await post('/v2/auth/device/code', body, headers)
    expect([reply.status, reply.body]).toEqual([400, { error: 'invalid_request' }])
  })

  test('with a file in the form is answered 400', async () => {
    const body = form({ ...client, scope })
    body.append('file', new Blob(['x']), 'x.txt')
    const reply = await post('/v2/auth/device/code', body)
    expect([reply.status, reply.body]).toEqual([400, { error: 'invalid_request' }])
  })
})

describe('polling', () => {
  test('waits, slows down, and gives tokens once approved', async () => {
    const asked = await ask()
    expect((await poll(asked.device_code)).body).toEqual({ error: 'authorization_pending' })
    expect((await poll(asked.device_code)).body).toEqual({ error: 'slow_down' })
    expect((await approve(asked.user_code)).kind).toBe('approved')
    const reply = await poll(asked.device_code)
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]{40,}$/),
      expires_in: 28_800,
      refresh_token: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token_type: 'bearer',
    })
    expect(reply.headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    ['a code that nobody was given', { device_code: 'made-up' }, 'invalid_grant'],
    ['no code', {}, 'invalid_request'],
    ['a wrong secret', { device_code: 'x', client_secret: 'wrong' }, 'invalid_client'],
  ])('with %s is answered 400', async (_what, fields: Record<string, string>, error) => {
    const reply = await post('/v2/auth/token', form({ ...client, grant_type: grantTypes.deviceCode, ...fields }))
    expect([reply.status, reply.body]).toEqual([400, { error }])
  })

  test('our own agents, public clients, get the credential of the control link as well', async () => {
    const agent = { client_id: 'rushes-agent-1' }
    const asked = await ask(agent)
    await approve(asked.user_code)
    const tokens = tokenResponse.parse((await poll(asked.device_code, agent)).body)
    expect(tokens.rushes?.device_secret).toMatch(new RegExp(`^rushes_dev_${tokens.rushes?.device_id}\\.`))
    const again = await post(
      '/v2/auth/token',
      form({ ...agent, grant_type: grantTypes.deviceSecret, device_secret: tokens.rushes?.device_secret ?? '' }),
    )
    expect(tokenResponse.parse(again.body).access_token).not.toBe(tokens.access_token)
  })
})

describe('refreshing', () => {
  const refresh = (refresh_token: string, client_id: string, field = 'refresh_token') =>
    post('/v2/auth/token', form({ client_id, grant_type: grantTypes.refreshToken, [field]: refresh_token }))

  test('survives a lost reply; after the first use of the new pair the old token revokes the family', async () => {
    const device = await pairDevice(ingest)
    await refresh(device.refreshToken, device.clientId)
    const next = await refreshDevice(ingest, device)
    expect((await device.call('GET', '/v2/devices/me')).status).toBe(200)
    expect((await next.call('GET', '/v2/devices/me')).status).toBe(200)
    expect((await device.call('GET', '/v2/devices/me')).status).toBe(401)
    const reused = await refresh(device.refreshToken, device.clientId)
    expect([reused.status, reused.body]).toEqual([400, { error: 'invalid_request' }])
    expect((await next.call('GET', '/v2/devices/me')).status).toBe(401)
    expect((await refresh(next.refreshToken, device.clientId)).status).toBe(401)
  })

  test('takes the misspelt field of the older specification', async () => {
    const device = await pairDevice(ingest)
    expect((await refresh(device.refreshToken, device.clientId, 'refresh_tokem')).status).toBe(200)
  })

  test.each([
    ['a token that nobody was given', { refresh_token: crypto.randomUUID() }, 401, 'invalid_grant'],
    ['no token', {}, 400, 'invalid_request'],
  ])('with %s says so', async (_what, fields: Record<string, string>, status, error) => {
    const reply = await post('/v2/auth/token', form({ ...client, grant_type: grantTypes.refreshToken, ...fields }))
    expect([reply.status, reply.body]).toEqual([status, { error }])
  })
})

test.each(['password', '', 'refresh'])('the grant type %j is not known', async (grant_type) => {
  const reply = await post('/v2/auth/token', form({ ...client, grant_type }))
  expect([reply.status, reply.body]).toEqual([400, { error: 'unsupported_grant_type' }])
})

test('revoking ends every token of the device; a token that nobody knows is answered like it', async () => {
  const device = await pairDevice(ingest)
  const revoke = (token: string) => post('/v2/auth/revoke', form({ client_id: device.clientId, token }))
  expect((await revoke('made-up')).status).toBe(200)
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(200)
  const revoked = await revoke(device.accessToken)
  expect([revoked.status, revoked.text]).toEqual([200, ''])
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(401)
})
