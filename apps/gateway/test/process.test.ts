import { connect } from 'node:net'
import type { FleetMessage } from '@rushes/api'
import { freePort } from '@rushes/test-kit'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { GatewayProcess } from './support/gateway-process.ts'
import { LiveReader } from './support/live-reader.ts'
import { publicUrl, Site, secret, type TestDevice } from './support/site.ts'
import { TestAgent, uploadChanged, uploadOf } from './support/test-agent.ts'
import { until } from './support/until.ts'

// Real processes and sockets: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 })

let site: Site
let device: TestDevice
let env: Record<string, string>
const running: GatewayProcess[] = []

beforeAll(async () => {
  site = await Site.open()
  env = {
    DATABASE_URL: site.database.connectionString,
    RUSHES_PUBLIC_URL: publicUrl,
    RUSHES_SECRET: secret,
    RUSHES_HOST: '127.0.0.1',
  }
})
beforeEach(async () => {
  device = await site.device()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.end()))
})
afterAll(() => site.close())

async function start(over: Record<string, string> = {}, port?: number): Promise<GatewayProcess> {
  const gateway = GatewayProcess.start({ ...env, ...over }, port ?? (await freePort()))
  running.push(gateway)
  return gateway
}

test('requests that no client of ours sends are answered, and the process stays', async () => {
  const gateway = await start()
  await gateway.healthy()
  const lines = [
    'GET // HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET /live/%zz?input=%%% HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET /live/live.fleet?input={ HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    'GET /agent HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
    `GET /agent HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${device.secret}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
    'nonsense\r\n\r\n',
  ]
  for (const line of lines) expect(await answerTo(gateway.port, line)).toMatch(/^HTTP\/1\.1 [245]\d\d /)
  expect(await gateway.health()).toBe(200)
})

/** What comes back for these bytes, up to the end of its first line. */
function answerTo(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => {
      socket.destroy()
      resolve(String(data).split('\r\n')[0] ?? '')
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed without an answer: ${bytes}`)))
  })
}

test('kill -9 loses nothing that was acknowledged, and its devices are offline when the lease runs out', async () => {
  const gateway = await start()
  await gateway.healthy()
  const { agent } = await TestAgent.greet(gateway.port, device.secret)
  agent.snapshot()
  for (let seq = 1; seq <= 40; seq += 1) agent.events(uploadChanged(seq, uploadOf(`u${seq}`)))
  const told = await agent.next('eventsStored')
  await gateway.end('SIGKILL')
  await until('the device to notice', () => agent.closed)
  const acknowledged = Math.max(
    told.lastSeq,
    ...agent.frames.map((frame) => (frame.type === 'eventsStored' ? frame.lastSeq : 0)),
  )
  // Nobody wrote that the device is gone; the lease says it.
  expect((await site.row(device.id))?.presence.state).toBe('online')
  await site.sql(`update gateways set lease_until = lease_until - interval '15 seconds'`)
  expect((await site.row(device.id))?.presence).toMatchObject({ state: 'offline', because: 'gatewayLost' })

  const next = await start()
  await next.healthy()
  const { agent: again, welcome } = await TestAgent.greet(next.port, device.secret)
  expect(welcome.lastSeq).toBeGreaterThanOrEqual(acknowledged)
  again.snapshot([], { lastSeq: 0 })
  for (let seq = 1; seq <= 40; seq += 1) again.events(uploadChanged(seq, uploadOf(`u${seq}`)))
  await until('the last', () => again.frames.some((frame) => frame.type === 'eventsStored' && frame.lastSeq === 40))
  const [row] = await site.sql('select count(*)::int as count from device_events where device_id = $1', [device.id])
  expect(row).toEqual({ count: 40 })
  await again.close()
})

test('SIGTERM sends devices and browsers away to come back, records them as gone, and ends with 0', async () => {
  const gateway = await start()
  await gateway.healthy()
  const { agent } = await TestAgent.greet(gateway.port, device.secret)
  const { reader } = await LiveReader.open<FleetMessage>(gateway.port, 'live.fleet', { cookie: site.cookie })
  await reader.next('snapshotEnd')
  expect(await gateway.end('SIGTERM')).toBe(0)
  const goodbye = await agent.next('goodbye')
  expect(goodbye).toMatchObject({ reason: 'drain' })
  expect(goodbye.reconnectAfterMs).toBeLessThanOrEqual(30_000)
  await until('both ends to close', () => agent.closed !== null && reader.isClosed)
  // Ended in order, a stream would not be opened again by the browser.
  expect(reader.failures).toEqual([])
  expect((await site.row(device.id))?.presence).toMatchObject({ state: 'offline', because: 'drain' })
})

test('while the database is away nothing is acknowledged, and the connection goes on when it is back', async () => {
  const gateway = await start()
  await gateway.healthy()
  const { agent } = await TestAgent.greet(gateway.port, device.secret)
  agent.snapshot()
  agent.events(uploadChanged(1, uploadOf('u1')))
  expect((await agent.next('eventsStored')).lastSeq).toBe(1)
  await site.sql('alter table device_events rename to device_events_away')
  agent.events(uploadChanged(2, uploadOf('u2')))
  await until('the first failure', () => gateway.output.includes('trying again'))
  expect(agent.take('eventsStored')).toBeUndefined()
  await site.sql('alter table device_events_away rename to device_events')
  expect((await agent.next('eventsStored')).lastSeq).toBe(2)
  expect(agent.closed).toBeNull()
  await agent.close()
})

test('cut connections to the database are replaced, and devices stay', async () => {
  const gateway = await start()
  await gateway.healthy()
  const { agent } = await TestAgent.greet(gateway.port, device.secret)
  await site.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'rushes-gateway%' and datname = current_database()`,
  )
  agent.snapshot()
  agent.events(uploadChanged(1, uploadOf('u1')))
  expect((await agent.next('eventsStored')).lastSeq).toBe(1)
  expect(await gateway.health()).toBe(200)
  await agent.close()
})

test.each([
  ['DATABASE_URL', 'nonsense', 'badEnvironment'],
  ['RUSHES_SECRET', '', 'badEnvironment'],
  ['DATABASE_URL', 'postgresql://nobody:x@127.0.0.1:1/none', 'databaseUnreachable'],
])('with %s=%s it ends with 1, its code and a hint', async (name, value, code) => {
  const gateway = await start({ [name]: value })
  await until('its end', () => gateway.exitCode !== null)
  expect(gateway.exitCode).toBe(1)
  const line = gateway.output.split('\n').find((text) => text.includes(code)) ?? '{}'
  expect(JSON.parse(line)).toMatchObject({ level: 60, code, hint: expect.stringContaining(name) })
})

test('when its port is taken it says so, and gives its lease up', async () => {
  const port = await freePort()
  const first = await start({}, port)
  await first.healthy()
  const second = await start({}, port)
  await until('its end', () => second.exitCode !== null)
  expect(second.exitCode).toBe(1)
  expect(second.output).toContain('"code":"portTaken"')
  expect(second.output).toContain('RUSHES_GATEWAY_PORT')
  const [newest] = await site.sql(
    'select stopped_at is not null as stopped from gateways order by started_at desc limit 1',
  )
  expect(newest).toEqual({ stopped: true })
  expect(await first.health()).toBe(200)
})
