import { randomUUID } from 'node:crypto'
import { get } from 'node:http'
import { wake } from '@rushes/fleet'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Site, sha256, type TestDevice } from './support/site.ts'
import { hello, statusOf, TestAgent, uploadChanged, uploadOf } from './support/test-agent.ts'
import { until } from './support/until.ts'

// Real processes and sockets: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 })

let site: Site
let device: TestDevice

beforeAll(async () => {
  site = await Site.open()
})
afterAll(() => site.close())
beforeEach(async () => {
  device = await site.device()
})

/** The status that an upgrade is refused with. */
function refusal(headers: Record<string, string>, path = '/agent'): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${site.port}${path}`, { headers })
  const answered = Promise.withResolvers<number | undefined>()
  socket.on('unexpected-response', (_request, response) => {
    answered.resolve(response.statusCode)
    socket.terminate()
  })
  socket.on('open', () => answered.reject(new Error('it was let in')))
  socket.on('error', () => undefined)
  return answered.promise
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const uploads = () => site.db.query.deviceUploads.findMany({ where: (row, { eq }) => eq(row.deviceId, device.id) })
const report = () => site.db.query.deviceReports.findFirst({ where: (row, { eq }) => eq(row.deviceId, device.id) })
const eventSeqs = async () => {
  const rows = await site.db.query.deviceEvents.findMany({
    where: (row, { eq }) => eq(row.deviceId, device.id),
    orderBy: (row, { asc }) => asc(row.id),
  })
  return rows.map((row) => row.seq)
}

describe('the door', () => {
  test('strangers of one address are told to come later before they fill it, while known devices get in', async () => {
    await (await TestAgent.greet(site.port, device.secret)).agent.close()
    const headers = () => ({
      ...bearer(`rushes_dev_${randomUUID()}.${'x'.repeat(43)}`),
      'x-forwarded-for': '198.51.100.7',
    })
    const answers = await Promise.all(Array.from({ length: 150 }, () => refusal(headers())))
    expect(answers).toContain(429)
    expect(answers.every((status) => status === 401 || status === 429)).toBe(true)
    await (await TestAgent.greet(site.port, device.secret)).agent.close()
  })

  test('a browser is refused whatever it has in its hands', async () => {
    expect(await refusal({ ...bearer(device.secret), origin: 'http://rushes.test' })).toBe(403)
    expect(await refusal({ cookie: site.cookie, origin: 'http://rushes.test' })).toBe(403)
  })

  test.each([
    ['no credential', {}],
    ['a C2C access token', bearer('dGhpcyBpcyBhbiBhY2Nlc3MgdG9rZW4')],
    ['a C2C refresh token', bearer(randomUUID())],
    ['a session cookie', { cookie: 'rushes.session_token=x' }],
    ['an unknown secret', bearer(`rushes_dev_${randomUUID()}.${'x'.repeat(43)}`)],
  ])('it is closed to %s', async (_what, headers) => {
    expect(await refusal(headers)).toBe(401)
  })

  test('the secret of one device does not open it for another', async () => {
    const other = await site.device()
    const [, own = ''] = device.secret.split('.')
    expect(await refusal(bearer(`rushes_dev_${other.id}.${own}`))).toBe(401)
  })

  test('nothing else is served', async () => {
    expect(await refusal(bearer(device.secret), '/agents')).toBe(404)
    const status = await new Promise((resolve) => {
      get(`http://127.0.0.1:${site.port}/metrics`, (response) => resolve(response.resume().statusCode))
    })
    expect(status).toBe(404)
  })

  test('a rotated secret is good until its successor is first used', async () => {
    const next = `rushes_dev_${device.id}.${'n'.repeat(43)}`
    await site.sql('update devices set secret_sha256 = $2, previous_secret_sha256 = $3 where id = $1', [
      device.id,
      sha256(next),
      sha256(device.secret),
    ])
    await (await TestAgent.greet(site.port, device.secret)).agent.close()
    await (await TestAgent.greet(site.port, next)).agent.close()
    expect(await refusal(bearer(device.secret))).toBe(401)
  })
})

describe('the hello', () => {
  test('is answered with where to go on, and the device is online', async () => {
    const { agent, welcome } = await TestAgent.greet(site.port, device.secret)
    expect(welcome).toMatchObject({ v: 1, gatewayId: site.gateway.gatewayId, lastSeq: 0, reportEveryMs: 10_000 })
    expect(await site.row(device.id)).toMatchObject({
      presence: { state: 'online' },
      agentVersion: '1.2.3',
      hostname: 'cart-3',
    })
    await agent.close()
    await until('it to be offline', async () => (await site.row(device.id))?.presence.state === 'offline')
  })

  test('of another version is turned away', async () => {
    const agent = await TestAgent.open(site.port, device.secret)
    agent.send({ ...hello, v: 99 })
    expect(await agent.next('goodbye')).toMatchObject({ reason: 'protocolError' })
    await until('the close', () => agent.closed)
  })

  test('from a second place supersedes the first', async () => {
    const { agent: first } = await TestAgent.greet(site.port, device.secret)
    const { agent: second } = await TestAgent.greet(site.port, device.secret)
    expect(await first.next('goodbye')).toMatchObject({ reason: 'superseded' })
    await until('the close', () => first.closed)
    expect(second.closed).toBeNull()
    expect(await site.row(device.id)).toMatchObject({ presence: { state: 'online' } })
    const rows = await site.sql('select close_reason as reason from connections where device_id = $1 order by epoch', [
      device.id,
    ])
    expect(rows).toEqual([{ reason: 'superseded' }, { reason: null }])
    await second.close()
  })

  test('many at once leave one connection, and it works', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => TestAgent.open(site.port, device.secret)))
    for (const agent of opened) agent.send(hello)
    const open = await until('one to be left', () => {
      const left = opened.filter((agent) => agent.closed === null)
      return left.length === 1 ? left : null
    })
    open[0]?.snapshot([uploadOf('a')])
    await until('its snapshot', async () => (await uploads()).length === 1)
    await open[0]?.close()
  })
})

describe('what a device tells', () => {
  test('a snapshot is stored, deltas follow, and what a later snapshot does not name has vanished', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.snapshot(
      Array.from({ length: 120 }, (_, n) => uploadOf(`u${n}`)),
      { status: { counts: { queued: 120 } } },
    )
    agent.events(uploadChanged(1, uploadOf('u0', { state: 'uploaded', bytesAcknowledged: 1_000 })))
    expect(await agent.next('eventsStored')).toEqual({ type: 'eventsStored', lastSeq: 1 })
    expect(await uploads()).toHaveLength(120)
    expect((await uploads()).find((row) => row.uploadId === 'u0')).toMatchObject({ state: 'uploaded' })
    expect((await site.row(device.id))?.report?.status.counts).toEqual({ queued: 120 })
    await agent.close()

    const { agent: again, welcome } = await TestAgent.greet(site.port, device.secret)
    expect(welcome.lastSeq).toBe(1)
    again.snapshot([uploadOf('u0', { state: 'verified' })], { lastSeq: 1 })
    await until('the rest to vanish', async () => {
      const rows = await uploads()
      return rows.filter((row) => row.vanishedAt !== null).length === 119
    })
    await again.close()
  })

  test('events that come twice, overlapping and out of order are stored once and in order', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.snapshot()
    const event = (seq: number) => uploadChanged(seq, uploadOf('u', { bytesAcknowledged: seq }))
    agent.events(event(2), event(1))
    agent.events(event(1), event(2), event(3))
    agent.events(event(5))
    agent.events(event(3), event(4), event(5))
    await until('all of them', () => agent.frames.some((frame) => frame.type === 'eventsStored' && frame.lastSeq === 5))
    expect(await eventSeqs()).toEqual([1, 2, 3, 4, 5])
    expect(await uploads()).toMatchObject([{ bytesAcknowledged: 5 }])
    await agent.close()
  })

  test('what was not acknowledged before the connection broke is told again and stored once', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.snapshot()
    agent.events(uploadChanged(1, uploadOf('a')), uploadChanged(2, uploadOf('b')))
    agent.socket.terminate()
    const { agent: again, welcome } = await TestAgent.greet(site.port, device.secret)
    again.snapshot([], { lastSeq: 0 })
    again.events(uploadChanged(1, uploadOf('a')), uploadChanged(2, uploadOf('b')), uploadChanged(3, uploadOf('c')))
    expect((await again.next('eventsStored')).lastSeq).toBe(3)
    expect([0, 2]).toContain(welcome.lastSeq)
    expect(await eventSeqs()).toEqual([1, 2, 3])
    await again.close()
  })

  test('progress is not written to the database, a summary only when it says something new', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.snapshot([uploadOf('u', { state: 'uploading' })])
    const before = await until('the snapshot', async () => ((await uploads()).length === 1 ? await report() : null))
    const rowBefore = await uploads()
    for (let n = 1; n <= 50; n += 1) {
      agent.send({
        type: 'progress',
        rateBytesPerSecond: n,
        uploads: [{ id: 'u', bytesAcknowledged: n, bytesInFlight: 1, partsDone: 0 }],
      })
    }
    agent.send({ type: 'status', status: statusOf({ rateBytesPerSecond: 7 }) })
    // What comes after them is answered, so they have been taken in.
    agent.events(uploadChanged(1, uploadOf('other')))
    await agent.next('eventsStored')
    expect((await uploads()).find((row) => row.uploadId === 'u')).toEqual(rowBefore[0])
    expect((await report())?.receivedAt).toEqual(before.receivedAt)

    const hold = { since: '2026-11-22T09:00:00.000Z', by: 'operator' as const }
    agent.send({ type: 'status', status: statusOf({ hold }) })
    await until('the hold to be stored', async () => (await report())?.status.hold !== null)
    await agent.close()
  })
})

describe('bad input', () => {
  test('a type that this version does not know is passed over', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    for (let n = 0; n < 20; n += 1) agent.socket.send(JSON.stringify({ type: `future${n}`, n }))
    agent.snapshot()
    agent.events(uploadChanged(1, uploadOf('a')))
    expect((await agent.next('eventsStored')).lastSeq).toBe(1)
    await agent.close()
  })

  test.each([
    ['not JSON', '{'],
    ['not an object', '[]'],
    ['a known type with wrong fields', '{"type":"events","events":[]}'],
    ['no type', '{}'],
  ])('one malformed message is survived, five are not: %s', async (_what, text) => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.socket.send(text)
    agent.snapshot()
    agent.events(uploadChanged(1, uploadOf('a')))
    expect((await agent.next('eventsStored')).lastSeq).toBe(1)
    for (let n = 0; n < 4; n += 1) agent.socket.send(text)
    expect(await agent.next('goodbye')).toMatchObject({ reason: 'protocolError' })
    await until('the close', () => agent.closed)
  })

  test('a message above 64 KiB ends its connection and no other', async () => {
    const other = await site.device()
    const { agent: bystander } = await TestAgent.greet(site.port, other.secret)
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.socket.send(JSON.stringify({ type: 'status', status: 'x'.repeat(70_000) }))
    expect(await until('the close', () => agent.closed)).toEqual({ code: 1009 })
    await until('the record', async () => {
      const presence = (await site.row(device.id))?.presence
      return presence?.state === 'offline' && presence.because === 'messageTooLarge'
    })
    bystander.snapshot()
    bystander.events(uploadChanged(1, uploadOf('a')))
    await bystander.next('eventsStored')
    await bystander.close()
  })

  test('frames before the hello are complaints, not data', async () => {
    const agent = await TestAgent.open(site.port, device.secret)
    for (let n = 0; n < 5; n += 1) agent.events(uploadChanged(1, uploadOf('a')))
    expect(await agent.next('goodbye')).toMatchObject({ reason: 'protocolError' })
    expect(await eventSeqs()).toEqual([])
  })
})

test('a device that is revoked is sent away while it is connected, and not let in again', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  await site.sql('update devices set revoked_at = now() where id = $1', [device.id])
  await wake(site.db, { deviceIds: [device.id] })
  expect(await agent.next('goodbye')).toMatchObject({ reason: 'revoked' })
  expect(await refusal(bearer(device.secret))).toBe(401)
})

test('a flood is taken in order while the sender waits, and nothing of it is lost', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  agent.snapshot()
  for (let seq = 1; seq <= 250; seq += 1) agent.events(uploadChanged(seq, uploadOf(`u${seq % 7}`)))
  await until('the last one', () =>
    agent.frames.some((frame) => frame.type === 'eventsStored' && frame.lastSeq === 250),
  )
  expect(await eventSeqs()).toEqual(Array.from({ length: 250 }, (_, n) => n + 1))
  await agent.close()
})
