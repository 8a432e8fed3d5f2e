import { randomUUID } from 'node:crypto'
import type { DeviceMessage, FleetMessage } from '@rushes/api'
import { announceDeviceChange, createAuth, enqueueCommand, wake } from '@rushes/fleet'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { LiveHub } from '../src/live/hub.ts'
import { FleetView } from './support/fleet-view.ts'
import { LiveReader } from './support/live-reader.ts'
import { addPerson, signIn } from './support/people.ts'
import { publicUrl, Site, secret, type TestDevice } from './support/site.ts'
import { statusOf, TestAgent, uploadChanged, uploadOf } from './support/test-agent.ts'
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

const readers: { close(): void }[] = []
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
})

async function open<Message extends { type: string }>(
  path: 'live.fleet' | 'live.device',
  options: { cookie?: string; input?: object; lastEventId?: string | null; headers?: Record<string, string> },
) {
  const opened = await LiveReader.open<Message>(site.port, path, options)
  readers.push(opened.reader)
  return opened
}

const watchFleet = async (options: { lastEventId?: string | null; input?: object } = {}) =>
  (await open<FleetMessage>('live.fleet', { cookie: site.cookie, ...options })).reader
const watchDevice = async (options: { lastEventId?: string | null } = {}, deviceId = device.id) =>
  (await open<DeviceMessage>('live.device', { cookie: site.cookie, input: { deviceId }, ...options })).reader
const names = (messages: FleetMessage) =>
  messages.type === 'changes'
    ? Object.fromEntries(messages.rows.flatMap((row) => (row.name === undefined ? [] : [[row.deviceId, row.name]])))
    : {}
const rename = async (name: string, deviceId = device.id) => {
  await site.sql('update devices set name = $2 where id = $1', [deviceId, name])
  await announceDeviceChange(site.db, { deviceIds: [deviceId] })
}

/** A clip of the device that its ingest has stored and verified. */
async function putStoredClip(): Promise<string> {
  const [assetId, projectId] = [randomUUID(), randomUUID()]
  await site.sql("insert into projects (id, name) values ($1, 'Harbour Nights')", [projectId])
  await site.sql(
    `insert into assets (id, device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at, folder,
       store_key, state, available_at, custody)
     values ($1, $2, $3, 1, 'A001.mov', 'video/quicktime', 'fixed', 1000, now(), 'x', $4, 'available', now(), 'verified')`,
    [assetId, device.id, projectId, assetId],
  )
  return assetId
}

describe('who may look on', () => {
  const statusWith = async (options: { cookie?: string; headers?: Record<string, string> }) =>
    (await open('live.fleet', options)).status

  test('is somebody signed in, from a page of this site', async () => {
    expect(await statusWith({ cookie: site.cookie })).toBe(200)
    expect(await statusWith({ cookie: site.cookie, headers: { origin: publicUrl } })).toBe(200)
    expect(await statusWith({ cookie: site.cookie, headers: { 'sec-fetch-site': 'same-origin' } })).toBe(200)
  })

  test.each([
    ['a page of another site', { origin: 'http://evil.test' }],
    ['a page without an origin of its own', { origin: 'null' }],
    ['a page of a neighbouring subdomain', { 'sec-fetch-site': 'same-site' }],
    ['what the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
  ])('is not %s', async (_what, headers) => {
    expect(await statusWith({ cookie: site.cookie, headers })).toBe(403)
  })

  test.each([
    ['nobody', () => ({})],
    ['somebody with a forged session', () => ({ cookie: 'rushes.session_token=forged.forged' })],
    ['a device', () => ({ headers: { authorization: `Bearer ${device.secret}` } })],
  ])('is not %s: the stream says so and ends', async (_who, options) => {
    const { reader } = await open('live.fleet', options())
    await until('the end', () => reader.isClosed)
    expect(reader.failures).toMatchObject([{ data: { code: 'UNAUTHORIZED' } }])
    expect(reader.events).toEqual([])
  })

  test('is nobody any more once they have signed out', async () => {
    const auth = createAuth({ db: site.db, secret, baseUrl: publicUrl })
    await addPerson(site.db, 'bea')
    const cookie = await signIn(auth, 'bea')
    const { reader } = await open<FleetMessage>('live.fleet', { cookie })
    await reader.next('snapshotEnd')
    await site.sql(`delete from sessions where user_id = (select id from people where name = 'bea')`)
    const again = await open<FleetMessage>('live.fleet', { cookie, lastEventId: reader.lastEventId })
    await until('the end', () => again.reader.isClosed)
    expect(again.reader.events).toEqual([])
  })
})

describe('the fleet', () => {
  test('comes as a snapshot with an end, then as what changed', async () => {
    const reader = await watchFleet()
    const { id, message: end } = await reader.next('snapshotEnd')
    expect(id.endsWith(`:${end.seq}`)).toBe(true)
    const view = new FleetView(reader)
    await view.until('the device', device.id, (row) => row !== undefined)
    expect(view.rows.get(device.id)).toMatchObject({
      name: 'A-Cam',
      presence: { state: 'neverConnected' },
      project: { name: 'Harbour Nights' },
      progress: null,
    })
    const { agent } = await TestAgent.greet(site.port, device.secret)
    await view.until('it to be online', device.id, (row) => row?.presence.state === 'online')
    agent.snapshot([], { status: { counts: { queued: 3 } } })
    const { message: changed } = await reader.next('changes', ({ rows }) =>
      rows.some((row) => row.deviceId === device.id && row.report?.status.counts.queued === 3),
    )
    expect(changed.rows.find((row) => row.deviceId === device.id)).not.toHaveProperty('name')
    await agent.close()
    await view.until('it to be offline', device.id, (row) => row?.presence.state === 'offline')
  })

  test('shows progress from the devices’ mouths, and asks them for more while somebody looks', async () => {
    const { agent, welcome } = await TestAgent.greet(site.port, device.secret)
    expect(welcome.reportEveryMs).toBe(10_000)
    agent.snapshot()
    const reader = await watchFleet({ input: { visibleDeviceIds: [device.id] } })
    const view = new FleetView(reader)
    expect(await agent.next('reportRate')).toEqual({ type: 'reportRate', everyMs: 1_000 })
    agent.send({
      type: 'progress',
      rateBytesPerSecond: 9_000,
      uploads: [{ id: 'u', bytesAcknowledged: 10, bytesInFlight: 5, partsDone: 0 }],
    })
    await view.until('the rate', device.id, (row) => row?.progress?.rateBytesPerSecond === 9_000)
    expect(view.rows.get(device.id)?.progress).toMatchObject({ bytesInFlight: 5, uploadCount: 1 })
    reader.close()
    expect(await agent.next('reportRate')).toEqual({ type: 'reportRate', everyMs: 10_000 })
    const other = new FleetView(await watchFleet())
    await agent.close()
    await other.until('the rate to be unknown', device.id, (row) => row?.progress === null)
  })

  test('tells that something of a device or its clips changed though its row shows the same as before', async () => {
    const reader = await watchFleet()
    await reader.next('snapshotEnd')
    await rename('known')
    await reader.next('changes', (message) => names(message)[device.id] === 'known')
    await announceDeviceChange(site.db, { deviceIds: [device.id] })
    const { message } = await reader.next('changes', ({ rows }) => rows.some((row) => row.deviceId === device.id))
    expect(message.rows.find((row) => row.deviceId === device.id)).toEqual({
      deviceId: device.id,
      changedAt: expect.any(String),
    })
  })

  test('is told of a change in the database as soon as it is heard, and does not wait for the next round', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const hub = new LiveHub({ db: site.db, log: pino({ level: 'silent' }), now: () => new Date() })
    const { value, leave } = hub.fleet.enter()
    try {
      const watcher = (await value).log.watch()
      await site.sql("update devices set name = 'Heard' where id = $1", [device.id])
      hub.heard({ deviceIds: [device.id] })
      const change = await watcher.next(30_000, AbortSignal.timeout(30_000))
      expect(change?.delta.get(device.id)).toMatchObject({ name: 'Heard' })
    } finally {
      leave()
      hub.stop()
      vi.useRealTimers()
    }
  })

  test('is resumed without a gap by a browser that was cut off', async () => {
    const reader = await watchFleet()
    await reader.next('snapshotEnd')
    await rename('before')
    await reader.next('changes', (message) => names(message)[device.id] === 'before')
    const { lastEventId } = reader
    reader.close()
    const other = await site.device('Missed')
    await rename('while away')
    const bystander = await watchFleet()
    await bystander.next('snapshotEnd')

    const again = await watchFleet({ lastEventId })
    const [first] = await until('its first message', () => (again.events.length > 0 ? again.events : null))
    expect(first?.message.type).toBe('resumed')
    await again.next('changes', (message) => names(message)[device.id] === 'while away')
    await rename('after')
    await again.next('changes', (message) => names(message)[device.id] === 'after')
    expect(again.events.some(({ message }) => message.type === 'snapshot')).toBe(false)
    await rename('Missed, seen', other.id)
    await again.next('changes', (message) => names(message)[other.id] === 'Missed, seen')
    again.close()
    bystander.close()
  })

  test.each([
    ['of another hub', () => `${randomUUID()}:4`],
    ['from the middle of a snapshot', (id: string) => id.replace(/:\d+$/, ':-')],
    ['from the future', (id: string) => id.replace(/:\d+$/, ':999999999')],
    ['that is no id', () => '../../etc'],
  ])('begins with a fresh snapshot for an id %s', async (_what, forge) => {
    const reader = await watchFleet()
    const { id } = await reader.next('snapshotEnd')
    const again = await watchFleet({ lastEventId: forge(id) })
    await again.next('snapshotEnd')
    expect(again.events.some(({ message }) => message.type === 'snapshot')).toBe(true)
    again.close()
    reader.close()
  })

  test('a slow browser gets the last values when it reads again, not the history', async () => {
    const reader = await watchFleet()
    await reader.next('snapshotEnd')
    // As many devices as it takes to fill what lies between the two ends.
    const many = await Promise.all(Array.from({ length: 50 }, (_, n) => site.device(`Slow ${n}`)))
    const ids = many.map((one) => one.id)
    const watcher = await watchFleet()
    await watcher.next('snapshotEnd')
    reader.pause()
    const volumes = Array.from({ length: 32 }, (_, n) => ({
      id: `v${n}`,
      label: 'x'.repeat(255),
      path: `/media/${'y'.repeat(3_000)}`,
      sizeBytes: 1,
      freeBytes: 1,
      present: true,
    }))
    const rounds = 6
    for (let round = 1; round <= rounds; round += 1) {
      await site.sql(
        `insert into device_reports (device_id, status, outbox_id, received_at)
         select id, jsonb_set($2::jsonb, '{rateBytesPerSecond}', to_jsonb($3::int)), 'o', now() from unnest($1::uuid[]) as id
         on conflict (device_id) do update set status = excluded.status, received_at = now()`,
        [ids, JSON.stringify(statusOf({ volumes })), round],
      )
      await announceDeviceChange(site.db, { deviceIds: ids })
      await watcher.next('changes', ({ rows }) => rows.some((row) => row.report?.status.rateBytesPerSecond === round))
    }
    reader.resume()
    await reader.next(
      'changes',
      ({ rows }) => rows.some((row) => row.report?.status.rateBytesPerSecond === rounds),
      20_000,
    )
    const seen = new Set(
      reader.events.flatMap(({ message }) =>
        message.type === 'changes' ? message.rows.map((row) => row.report?.status.rateBytesPerSecond ?? 0) : [],
      ),
    )
    expect(seen.size).toBeLessThan(rounds)
  })

  test('says every few seconds that it still holds', async () => {
    const reader = await watchFleet()
    await reader.next('snapshotEnd')
    await reader.next('heartbeat')
    expect(reader.pingCount).toBeGreaterThan(0)
    reader.close()
  })

  test('shows a gateway’s devices offline when its lease runs out, though nothing was written', async () => {
    const view = new FleetView(await watchFleet())
    await view.until('the device', device.id, (row) => row !== undefined)
    const gatewayId = randomUUID()
    await site.sql(`insert into gateways (id, lease_until) values ($1, now() + interval '3 seconds')`, [gatewayId])
    await site.sql('insert into connections (device_id, gateway_id) values ($1, $2)', [device.id, gatewayId])
    await announceDeviceChange(site.db, { deviceIds: [device.id] })
    await view.until('it to be online', device.id, (row) => row?.presence.state === 'online')
    await view.until(
      'it to be offline',
      device.id,
      (row) => row?.presence.state === 'offline' && row.presence.because === 'gatewayLost',
    )
  })

  test('drops a device that is gone', async () => {
    const view = new FleetView(await watchFleet())
    await view.until('the device', device.id, (row) => row !== undefined)
    await site.sql('delete from devices where id = $1', [device.id])
    await wake(site.db, { deviceIds: [device.id] })
    await view.until('it to be gone', device.id, (row) => row === undefined)
  })
})

describe('one device', () => {
  test('comes with its uploads, commands and progress, then with what changed of them', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    agent.snapshot([uploadOf('u', { state: 'uploading' }), uploadOf('done', { state: 'verified' })])
    agent.events(uploadChanged(1, uploadOf('v')))
    await agent.next('eventsStored')
    const reader = await watchDevice()
    const { message: snapshot } = await reader.next('snapshot')
    expect(snapshot).toMatchObject({ uploadCount: 3, row: { deviceId: device.id }, executions: [] })
    expect(snapshot.uploads.map((upload) => upload.id).sort()).toEqual(['done', 'u', 'v'])
    await reader.next('snapshotEnd')

    agent.send({
      type: 'progress',
      rateBytesPerSecond: 5,
      uploads: [{ id: 'u', bytesAcknowledged: 500, bytesInFlight: 100, partsDone: 0 }],
    })
    await reader.next('changes', ({ progress }) => progress[0]?.bytesAcknowledged === 500)
    agent.events(uploadChanged(2, uploadOf('u', { state: 'uploaded' })))
    const changed = await reader.next('changes', ({ uploads }) => uploads.some((upload) => upload.state === 'uploaded'))
    expect(changed.message.hasNewEvents).toBe(true)

    await enqueueCommand(
      { db: site.db, now: new Date(), actor: { kind: 'person', id: 'ana', name: 'Ana' } },
      { commandId: randomUUID(), body: { kind: 'holdUploads' }, deviceIds: [device.id] },
    )
    await reader.next('changes', ({ executions }) => executions[0]?.state === 'delivered')
    await agent.close()
    await reader.next('changes', ({ row }) => row?.presence?.state === 'offline')
    reader.close()
  })

  test('tells of a clip whose stored bytes are found to have changed, though the device says nothing new', async () => {
    const { agent } = await TestAgent.greet(site.port, device.secret)
    const assetId = await putStoredClip()
    agent.snapshot([uploadOf('u')])
    agent.events(uploadChanged(1, uploadOf('u', { state: 'verified', assetId })))
    await agent.next('eventsStored')
    const reader = await watchDevice()
    const { message: snapshot } = await reader.next('snapshot', ({ uploads }) => uploads.length === 1)
    expect(snapshot.uploads[0]?.mismatchBecause).toBeNull()
    await reader.next('snapshotEnd')

    await site.sql(
      "update assets set custody = 'mismatch', mismatch_because = 'changed', first_mismatch_number = 1, custody_at = now() where id = $1",
      [assetId],
    )
    await wake(site.db, { deviceIds: [device.id] })
    const seen = { upload: '', clipCount: 0 }
    await reader.next('changes', ({ row, uploads }) => {
      seen.upload = uploads.find(({ id }) => id === 'u')?.mismatchBecause ?? seen.upload
      seen.clipCount = row?.unsound?.clipCount ?? seen.clipCount
      return seen.upload === 'changed' && seen.clipCount === 1
    })
    await agent.close()
    reader.close()
  })

  test('is resumed where it was', async () => {
    const reader = await watchDevice()
    await reader.next('snapshotEnd')
    await rename('before')
    await reader.next('changes', ({ row }) => row?.name === 'before')
    const { lastEventId } = reader
    reader.close()
    await rename('while away')
    const again = await watchDevice({ lastEventId })
    await again.next('resumed')
    await again.next('changes', ({ row }) => row?.name === 'while away')
    expect(again.events.some(({ message }) => message.type === 'snapshot')).toBe(false)
    again.close()
  })

  test('that does not exist is told so, and the stream stays', async () => {
    const reader = await watchDevice({}, randomUUID())
    expect((await reader.next('snapshot')).message.row).toBeNull()
    await reader.next('snapshotEnd')
    reader.close()
  })
})
