import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTrash, trashClips } from '@rushes/fleet'
import { partUrlLifetimeMs, refreshTokenLifetimeMs } from '@rushes/protocol'
import { expect, test } from 'vitest'
import { judgeStore } from '../src/upkeep/judge-store.ts'
import { createRoom } from '../src/upkeep/room.ts'
import {
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  storedBytes,
  untilStatus,
} from './support/clips.ts'
import { ana, pairDevice, send } from './support/pair.ts'
import { startTestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

const code = (reply: { text: string }) => /<Code>(\w+)<\/Code>/.exec(reply.text)?.[1]

test('an upload that its device gave up is collected, and a device that comes back with the key of its create gets a new one', async () => {
  let aheadMs = 0
  await using ingest = await startTestIngest({ clock: () => new Date(Date.now() + aheadMs) })
  const device = await pairDevice(ingest)
  const clip = { name: 'abandoned.mp4', filetype: 'video/mp4', filesize: 6 * mib, offset: 0, parts: 1 }
  const key = { 'idempotency-key': 'clip-1' }
  const bytes = someBytes(6 * mib)
  const create = async () => {
    const reply = await device.call('POST', '/v2/devices/assets', clip, key)
    return reply.body as { id: string; upload_urls: string[] }
  }
  const first = await create()
  const growing = await createRealtime(device)
  const [url = ''] = await requestParts(device, growing.id, [{ number: 2, size: 5 * mib, is_final: false }])
  expect((await putPart(url, someBytes(5 * mib))).status).toBe(200)
  const gathered = async () =>
    (await readdir(join(ingest.dir, '.rushes-uploads'))).filter((name) => /^[0-9a-f]{8}-/.test(name))
  const state = async (id: string) =>
    (await ingest.database.pool.query('select state, ended_because from assets where id = $1', [id])).rows[0]

  // Two days on: what was recorded may still be gone on with, the other's addresses are dead for a day.
  aheadMs = partUrlLifetimeMs + 86_400_000 + 60_000
  await ingest.restart()
  await until('the fixed one is given up', async () => (await state(first.id)).state === 'failed')
  expect(await state(first.id)).toEqual({ state: 'failed', ended_because: 'abandoned' })
  expect(await state(growing.id)).toMatchObject({ state: 'created' })
  expect(await gathered()).toEqual([`${growing.id}.apart`])
  expect(code(await putPart(first.upload_urls[0] ?? '', bytes))).toMatch(/AccessDenied|NoSuchUpload/)

  aheadMs = refreshTokenLifetimeMs + 60_000
  await ingest.restart()
  await until('the other is given up too', async () => (await state(growing.id)).state === 'failed')
  await until('nothing is left of it', async () => (await gathered()).length === 0)

  aheadMs = 0 // within the life of this device's tokens
  await ingest.restart()
  const second = await create()
  expect(second.id).not.toBe(first.id)
  expect((await create()).id).toBe(second.id)
  expect((await putPart(second.upload_urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, second.id, 'available')
  const again = { parts: [{ number: 3, size: 5 * mib, is_final: false }] }
  expect((await device.call('POST', `/v2/devices/assets/${growing.id}/realtime_upload/parts`, again)).status).toBe(404)
})

test('beyond the quota creates and parts are refused', async () => {
  await using ingest = await startTestIngest({ config: { storeQuotaBytes: 10 * mib }, limits: { watchEveryMs: 100 } })
  const device = await pairDevice(ingest)
  const bytes = someBytes(7 * mib)
  const [one, two] = [await createFixed(device, bytes, { parts: 1 }), await createFixed(device, bytes, { parts: 1 })]
  expect((await putPart(one.urls[0] ?? '', bytes)).status).toBe(200)
  await until('the second is refused', async () => (await putPart(two.urls[0] ?? '', bytes)).status === 507)
  expect(await statusOf(device, two.id)).toMatchObject({ status: 'created', missing: [1] })
  const more = { name: 'more.mp4', filetype: 'video/mp4', filesize: 4 * mib, offset: 0 }
  expect((await device.call('POST', '/v2/devices/assets', more)).status).toBe(402)
  expect((await device.call('POST', '/v2/devices/assets', { ...more, filesize: 2 * mib })).status).toBe(200)
})

test('a folder that is not the store of the database stops the start, with how to go on, and no upload is given up for it', async () => {
  await using ingest = await startTestIngest()
  const device = await pairDevice(ingest)
  const bytes = someBytes(12 * mib)
  const { id, urls } = await createFixed(device, bytes, { parts: 2 })
  await putPart(urls[1] ?? '', bytes.subarray(6 * mib))
  const mark = join(ingest.dir, '.rushes-uploads', 'store-id')
  const known = await readFile(mark, 'utf8')
  const away = `${ingest.dir}-away`
  const start = ingest.whileStopped(async () => {
    await rename(ingest.dir, away) // the volume is not mounted
    await mkdir(ingest.dir)
  })
  await expect(start).rejects.toMatchObject({ code: 'storeIsAnother', hint: expect.stringContaining(known.trim()) })
  await rm(ingest.dir, { recursive: true })
  await rename(away, ingest.dir)
  await ingest.restart()
  expect(await statusOf(device, id)).toMatchObject({ status: 'created', missing: [1] })
  // A store that came back without its hidden folder is taken up as the hint says.
  await ingest.whileStopped(() => writeFile(mark, known))
})

test('a folder whose volume goes away while it runs is a condition and an unhealthy store, and comes back as it was', async () => {
  await using ingest = await startTestIngest({ limits: { watchEveryMs: 50 } })
  const device = await pairDevice(ingest)
  const bytes = someBytes(6 * mib)
  const { id, urls } = await createFixed(device, bytes, { parts: 1 })
  const health = async () => (await send('GET', `${ingest.url}/health`)).body
  await rename(ingest.dir, `${ingest.dir}-away`)
  await mkdir(join(ingest.dir, '.rushes-uploads'), { recursive: true })
  const gone = { ok: false, components: { database: 'ok', store: 'down' }, conditions: ['storeUnusable'] }
  await until('health tells', async () => JSON.stringify(await health()).includes('storeUnusable'))
  await until('the store is down', async () => JSON.stringify(await health()).includes('"store":"down"'))
  expect(await health()).toMatchObject(gone)
  await rm(ingest.dir, { recursive: true })
  await rename(`${ingest.dir}-away`, ingest.dir)
  await until('it is well again', async () => JSON.stringify(await health()).includes('"ok":true'))
  expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, id, 'available')
})

test('while its volume is away nothing is taken in, made in its place, given up or counted as removed, and all goes on when it is back', async () => {
  await using ingest = await startTestIngest({ limits: { removalsEveryMs: 50 } })
  const device = await pairDevice(ingest)
  const bytes = someBytes(12 * mib)
  const halves = [bytes.subarray(0, 6 * mib), bytes.subarray(6 * mib)] as const
  const thrownAway = await createFixed(device, bytes, { parts: 1, name: 'thrown-away.mp4' })
  await putPart(thrownAway.urls[0] ?? '', bytes)
  await untilStatus(device, thrownAway.id, 'available')
  const half = await createFixed(device, bytes, { parts: 2, name: 'half.mp4' })
  await putPart(half.urls[0] ?? '', halves[0])
  const whole = await createFixed(device, bytes, { parts: 2, name: 'whole.mp4' })
  await putPart(whole.urls[0] ?? '', halves[0])
  const growing = await createRealtime(device, { name: 'growing.mp4' })
  const [third = ''] = await requestParts(device, growing.id, [{ number: 3, size: 5 * mib, is_final: false }])

  const { db, pool } = ingest.database
  const trashRow = async () =>
    (await pool.query('select state, attempts from clip_trash where asset_id = $1', [thrownAway.id])).rows[0]
  const holder = await pool.connect()
  await holder.query('begin; lock table assets in share row exclusive mode')
  // Its last part has arrived, and its assembly can begin only when the volume is away.
  const last = putPart(whole.urls[1] ?? '', halves[1])
  await until('the last part waits', async () => {
    const { rows } = await pool.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%assets%'",
    )
    return rows.length > 0
  })
  const away = `${ingest.dir}-away`
  await rename(ingest.dir, away)
  // Somebody made the hidden folder there as well, before the volume was mounted for the first time.
  await mkdir(join(ingest.dir, '.rushes-uploads'), { recursive: true })
  await holder.query('rollback')
  holder.release()
  await last
  const by = () => ({ db, now: new Date(), actor: ana })
  await trashClips(by(), { assetIds: [thrownAway.id], reason: null })
  const emptied = { projectId: ingest.projectId, clipCount: 1, asOf: new Date(), reason: null }
  expect(await emptyTrash(by(), emptied)).toMatchObject({ kind: 'emptied' })
  await until('it is tried to remove the clip', async () => (await trashRow())?.attempts > 0)
  await until('it is tried to assemble the clip', async () =>
    ingest.logLines.some((line) => line.includes('background work failed') && line.includes(whole.id)),
  )
  expect((await putPart(half.urls[1] ?? '', halves[1])).status).toBe(503)
  const again = await putPart(half.urls[0] ?? '', Buffer.from(halves[0]).fill(1, 0, 1))
  const apart = await putPart(third, someBytes(5 * mib))
  expect([again, apart].map(({ status }) => status)).toEqual([503, 503])
  // Room is looked at now and then only: a create that comes just before is taken, and loses nothing.
  const create = () => device.call('POST', '/v2/devices/assets', { name: 'a.mp4', filesize: 1 })
  await until('creates are refused', async () => (await create()).status === 503)
  expect(await readdir(ingest.dir, { recursive: true })).toEqual(['.rushes-uploads'])
  expect(await statusOf(device, half.id)).toMatchObject({ status: 'created', missing: [2] })
  expect((await trashRow())?.state).toBe('removing')

  await rm(ingest.dir, { recursive: true })
  await rename(away, ingest.dir)
  await until('parts are taken again', async () => (await putPart(half.urls[1] ?? '', halves[1])).status === 200)
  await untilStatus(device, half.id, 'available')
  await untilStatus(device, whole.id, 'available')
  for (const name of ['half.mp4', 'whole.mp4']) expect((await storedBytes(ingest.dir, name)).equals(bytes)).toBe(true)
})

test.each([
  ['plenty', { roomBytes: 1_000 }, false, []],
  ['no end', { roomBytes: null }, false, []],
  ['a little', { roomBytes: 99 }, false, ['storeLow']],
  ['just enough', { roomBytes: 100 }, false, []],
  ['just enough after there was little', { roomBytes: 100 }, true, ['storeLow']],
  ['more than a tenth after there was little', { roomBytes: 111 }, true, []],
  ['none', { roomBytes: 0 }, false, ['storeFull']],
  ['unknown room in a store that cannot be used', { roomBytes: null, isUsable: false }, true, ['storeUnusable']],
])('%s is judged as it should be', (_what, facts, wasLow, codes) => {
  const found = judgeStore({ isUsable: true, quotaBytes: null, lowBytes: 100, ...facts }, wasLow)
  expect(found.map((one) => one.code)).toEqual(codes)
})

test('room is what the volume leaves beyond the reserve or what the quota leaves, never less than nothing', async () => {
  const room = (freeBytes: number | null, quotaBytes: number | null) => {
    let nowMs = 0
    const made = createRoom({
      freeBytes: async () => freeBytes,
      reserveBytes: 10,
      quotaBytes,
      storedBytes: async () => 60,
      monotonicMs: () => (nowMs += 1_000),
    })
    return made
  }
  expect(await room(100, null).bytes()).toBe(90)
  expect(await room(5, null).bytes()).toBe(0)
  expect(await room(100, 80).bytes()).toBe(20)
  expect(await room(25, 80).bytes()).toBe(15)
  expect(await room(null, 50).bytes()).toBe(0)
  expect(await room(null, null).bytes()).toBeNull()
  const quota = room(null, 100)
  expect(await quota.bytes()).toBe(40)
  quota.took(15)
  expect(await quota.bytes()).toBe(25)
})
