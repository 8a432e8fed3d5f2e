import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  untilStatus,
  xxh64Of,
} from './support/clips.ts'
import { pairDevice, refreshDevice, send } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { clientSecret } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: ProcessIngest
beforeAll(async () => {
  ingest = await prepareProcessIngest()
  await ingest.start()
}, 180_000)
afterAll(() => ingest.dispose())

const secretFields = /"(access_token|refresh_token|device_code|user_code|device_secret)":"([^"]+)"/g
const signatures = /signature=([\w-]+)/gi

test('a busy log tells of every request by its id, and holds no secret that was used, whatever went wrong', async () => {
  const secrets = new Set([
    clientSecret,
    'a-secret-for-tests-only',
    `:${new URL(ingest.database.connectionString).password}@`,
  ])
  const requestIds = new Set<string>()
  // Whatever a reply holds that nobody else may know is taken down.
  const realFetch = globalThis.fetch
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const reply = await realFetch(input, init)
    const text = await reply.clone().text()
    // Six digits occur by chance; in quotes they do not.
    for (const [, field, secret = ''] of text.matchAll(secretFields))
      secrets.add(field === 'user_code' ? `"${secret}"` : secret)
    for (const [, secret] of text.matchAll(signatures)) secrets.add(secret ?? '')
    const isAnswered = input.startsWith(ingest.url) && !input.endsWith('/health') // a bucket is not ours to log
    if (isAnswered) requestIds.add(reply.headers.get('x-request-id') ?? `none for ${input}`)
    return reply
  })

  await pairDevice(ingest) // an agent, with a secret of its own
  const camera = { clientId: 'SN-0001', clientSecret }
  const device = await refreshDevice(ingest, await pairDevice(ingest, camera), clientSecret)
  await device.call('GET', '/v2/devices/me')
  const bytes = someBytes(6 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'secret.mp4', parts: 1 })
  const [url = ''] = urls
  await putPart(url, bytes.subarray(1))
  await putPart(`${url}x`, bytes.subarray(0, 10))
  await putPart(url.replace(/expires=\d+/, 'expires=1'), bytes.subarray(0, 10))
  await putPart(url, bytes)
  await untilStatus(device, id, 'available')
  const parts = [{ number: 1, offset: 0, size: bytes.length, xxh64: xxh64Of(bytes) }]
  await device.call('PUT', `/v2/devices/assets/${id}/custody`, { parts })
  const growing = await createRealtime(device)
  await requestParts(device, growing.id, [{ number: 1, size: 5 * mib, is_final: false }])
  // Addresses and bodies in which secrets stand where they do not belong.
  await send('GET', `${ingest.url}/v2/unknown?access_token=${device.accessToken}&${url.split('?')[1]}`)
  await send('POST', `${ingest.url}/v2/auth/token`, {
    body: new URLSearchParams({ refresh_token: device.refreshToken }),
  })
  await device.call('POST', '/v2/devices/assets', { name: device.accessToken, filesize: -1 })
  await send('POST', `${ingest.url}/v2/devices/assets`, {
    headers: { authorization: `Bearer ${device.accessToken}`, 'content-type': 'application/json' },
    body: `{"refresh_token":"${device.refreshToken}"`,
  })
  await send('GET', `${ingest.url}/v2/devices/me`, { headers: { authorization: `Bearer ${randomUUID()}` } })
  // Failures inside, of a statement that has secrets among its values and of one that is wrong, and a database that is away.
  const { pool } = ingest.database
  await pool.query('alter table token_pairs rename to token_pairs_away')
  expect((await device.call('GET', '/v2/devices/me')).status).toBe(500)
  await send('POST', `${ingest.url}/v2/auth/token`, {
    body: new URLSearchParams({
      client_id: device.clientId,
      grant_type: 'refresh_token',
      refresh_token: device.refreshToken,
      client_secret: clientSecret,
    }),
  })
  await pool.query('alter table token_pairs_away rename to token_pairs')
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()',
    ['rushes-ingest'],
  )
  await until('it answers again', async () => (await device.call('GET', '/v2/devices/me')).status === 200)
  expect(await ingest.terminate()).toBe(0)

  const log = ingest.output()
  expect(secrets.size).toBeGreaterThan(12)
  for (const secret of secrets) expect(log.includes(secret), `the log holds ${secret}`).toBe(false)
  expect(log).not.toMatch(/Bearer |signature=/i)
  for (const requestId of requestIds) expect(log).toContain(requestId)
  const answered = log.split('\n').filter((line) => line.includes('"answered"'))
  for (const line of answered)
    expect(JSON.parse(line)).toMatchObject({ reqId: expect.any(String), status: expect.any(Number) })
}, 180_000)
