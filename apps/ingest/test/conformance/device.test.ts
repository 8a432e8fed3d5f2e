import { c2cErrors, deviceIdentity, discovery } from '@rushes/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Device, moveDevice, pairDevice, refreshDevice, send } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

test('/v2/devices/me says who, where and since when, with every documented field', async () => {
  const reply = await device.call('GET', '/v2/devices/me')
  expect(reply.status).toBe(200)
  expect(deviceIdentity.parse(reply.body)).toMatchObject({ name: 'A-Cam', project_id: ingest.projectId })
  const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  expect(reply.body).toEqual({
    _type: 'project_device',
    id: device.id,
    asset_type: 'video',
    creator_id: uuid,
    device_id: device.id,
    inserted_at: instant,
    updated_at: instant,
    deleted_at: null,
    last_seen_at: instant,
    last_known_firmware_version: '2.0.0',
    name: 'A-Cam',
    project_id: ingest.projectId,
    project: { _type: 'project', id: ingest.projectId, name: 'Harbour Nights' },
    status: 'online',
    timezone: 'UTC',
    authorization: {
      _type: 'project_device_authorization',
      id: uuid,
      creator: { _type: 'user', id: uuid, name: 'Ana' },
      creator_id: uuid,
      expires_at: null,
      inserted_at: instant,
      project_device_id: device.id,
      scopes: expect.objectContaining({ id: uuid, asset_create: true, offline: true, asset_read: false }),
    },
    channels: [
      {
        _type: 'project_device_channel',
        id: uuid,
        actor_id: null,
        asset_type: 'video',
        device_id: device.id,
        external_index: 0,
        inserted_at: instant,
        updated_at: instant,
        name: 'A-Cam',
        project_device_id: device.id,
        project_id: ingest.projectId,
        real_time_logging_capable: false,
        status: 'online',
      },
    ],
    rushes: { project_epoch: 1, purge_receipt_required: false, paired_at: instant },
  })
})

test('a heartbeat is 204 without a body', async () => {
  const reply = await device.call('POST', '/v2/devices/heartbeat')
  expect([reply.status, reply.text]).toEqual([204, ''])
})

const protectedRoutes = [
  ['GET', '/v2/devices/me'],
  ['POST', '/v2/devices/heartbeat'],
  ['POST', '/v2/devices/assets'],
  ['POST', '/v2/assets'],
  ['GET', '/v2/devices/assets'],
  ['GET', `/v2/devices/assets/${crypto.randomUUID()}`],
  ['PUT', `/v2/devices/assets/${crypto.randomUUID()}/custody`],
  ['POST', `/v2/devices/assets/${crypto.randomUUID()}/realtime_upload/parts`],
  ['PUT', '/v2/devices/purge-receipts/1'],
] as const

describe.each([
  ['no token', {}],
  ['a token that nobody was given', { authorization: 'Bearer made-up' }],
  ['another scheme', { authorization: 'Basic YTpi' }],
])('with %s', (_what, headers: Record<string, string>) => {
  test.each(protectedRoutes)('%s %s is 401 in the detailed shape', async (method, path) => {
    const body = method === 'GET' ? {} : { body: '{}' }
    const reply = await send(method, ingest.url + path, {
      headers: { ...headers, 'content-type': 'application/json' },
      ...body,
    })
    expect([reply.status, reply.body]).toEqual([401, c2cErrors.notAuthorized])
  })
})

test.each([
  ['GET', '/'],
  ['GET', '/v2/devices/unknown'],
  ['POST', '/v2/devices/me'],
  ['GET', '/v2/devices/../../etc/passwd'],
  ['GET', '/%'],
  ['GET', '/%00'],
  ['DELETE', '/v2/devices/assets'],
  ['GET', `/parts/${crypto.randomUUID()}/1/1`],
])('%s %s does not exist, and says so in the detailed shape', async (method, path) => {
  const reply = await send(method, ingest.url + path)
  expect([reply.status, reply.body]).toEqual([404, c2cErrors.notFound])
})

test('each answer carries an id that is in the log, where no token and no signature is', async () => {
  const reply = await device.call('GET', '/v2/devices/me')
  const id = reply.headers.get('x-request-id') ?? 'none'
  const line = ingest.logLines.find((candidate) => candidate.includes(id)) ?? ''
  expect(JSON.parse(line)).toMatchObject({ route: '/v2/devices/me', status: 200, deviceId: device.id })
  const log = ingest.logLines.join('')
  expect(log).not.toContain(device.accessToken)
  expect(log).not.toContain('signature=')
})

test('health names its components', async () => {
  const reply = await send('GET', `${ingest.url}/health`)
  expect([reply.status, reply.body]).toEqual([
    200,
    { status: 'ok', ok: true, components: { database: 'ok', store: 'ok' }, conditions: [] },
  ])
})

test('discovery says where both links lead', async () => {
  const reply = await send('GET', `${ingest.url}/.well-known/rushes`)
  expect(discovery.parse(reply.body)).toEqual({
    rushes: 1,
    ingestUrl: ingest.url,
    publicUrl: 'https://rushes.test',
    agentUrl: 'wss://rushes.test/agent',
  })
})

describe('the fence of a move', () => {
  const create = (moved: Device) =>
    moved.call('POST', '/v2/devices/assets', { name: 'a.mp4', filetype: 'video/mp4', filesize: 5 })
  const receipt = (toProjectId: string) => ({
    fromProjectId: ingest.projectId,
    toProjectId,
    clearedCount: 2,
    clearedBytes: 30,
    abortedCount: 1,
    idsXxh64: 'ef46db3751d8e999',
    clearedAt: new Date().toISOString(),
  })

  test('ends the access token, then asks for /me, then for the receipt of our agents; only then a clip is created', async () => {
    const agent = await pairDevice(ingest)
    const other = await ingest.createProject('Other')
    await moveDevice(ingest, agent, other)
    expect((await create(agent)).body).toEqual(c2cErrors.notAuthorized)
    const moved = await refreshDevice(ingest, agent)
    expect(await create(moved)).toMatchObject({ status: 403, body: c2cErrors.projectChanged })
    const me = deviceIdentity.parse((await moved.call('GET', '/v2/devices/me')).body)
    expect(me).toMatchObject({ project_id: other, rushes: { project_epoch: 2, purge_receipt_required: true } })
    expect(await create(moved)).toMatchObject({ status: 403, body: c2cErrors.purgeReceiptMissing })

    const put = (epoch: number | string, body: unknown) =>
      moved.call('PUT', `/v2/devices/purge-receipts/${epoch}`, body)
    expect((await put(3, receipt(other))).status).toBe(422)
    expect((await put(2, receipt(ingest.projectId))).status).toBe(422)
    expect((await put(2, { ...receipt(other), abortedCount: 3 })).status).toBe(400)
    expect((await put(2, { ...receipt(other), clearedCount: 2 ** 40 })).status).toBe(400)
    expect((await put(0, receipt(other))).status).toBe(404)
    expect((await create(moved)).status).toBe(403)
    expect((await put(2, receipt(other))).status).toBe(204)
    expect((await put(2, { ...receipt(other), clearedCount: 9 })).status).toBe(204) // a lost reply; the first one stands
    expect((await create(moved)).status).toBe(200)
  })

  test('asks a device that is not one of our agents for no receipt', async () => {
    const camera = await pairDevice(ingest, { clientId: 'CAM-7', clientSecret: 'the-secret-of-all-units' })
    await moveDevice(ingest, camera, await ingest.createProject('Third'))
    const moved = await refreshCamera(camera)
    expect(await create(moved)).toMatchObject({ status: 403, body: c2cErrors.projectChanged })
    await moved.call('GET', '/v2/devices/me')
    expect((await create(moved)).status).toBe(200)
  })

  const refreshCamera = (camera: Device) => refreshDevice(ingest, camera, 'the-secret-of-all-units')
})
