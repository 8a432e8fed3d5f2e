import { link, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  untilStatus,
  visibleFiles,
} from './support/clips.ts'
import { type Device, moveDevice, pairDevice, refreshDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

const gathering = () => join(ingest.dir, '.rushes-uploads')
const leftovers = async (id: string) => (await readdir(gathering())).filter((entry) => entry.startsWith(id))
const unfinished = `update assets set state = 'created', available_at = null, custody = 'no', custody_at = null`

// Each state that a kill can leave between two steps of an assembly, made by hand from a clip that went through.
test.each([
  ['every part acknowledged and nothing begun', { state: 'created', isLinked: false, keyIs: 'hidden' }],
  ['an assembly that had begun', { state: 'assembling', isLinked: false, keyIs: 'hidden' }],
  ['a name that was reserved', { state: 'assembling', isLinked: false, keyIs: 'visible' }],
  [
    'a file that was linked and not yet said to be available',
    { state: 'assembling', isLinked: true, keyIs: 'visible' },
  ],
])('finds %s at the next start and finishes it under the same name', async (what, left) => {
  const bytes = someBytes(1_000, what.length)
  const name = `assembly-${what.length}.mp4`
  const { id, urls } = await createFixed(device, bytes, { name })
  await putPart(urls[0] ?? '', bytes)
  await untilStatus(device, id, 'available')
  await until('nothing is left of it', async () => (await leftovers(id)).length === 0)

  const [path = ''] = (await visibleFiles(ingest.dir)).filter((file) => file.endsWith(name))
  const hidden = join('.rushes-uploads', `${id}.data`)
  await ingest.whileStopped(async () => {
    await link(join(ingest.dir, path), join(ingest.dir, hidden))
    if (!left.isLinked) await rm(join(ingest.dir, path))
    const key = left.keyIs === 'hidden' ? hidden : path
    await ingest.database.pool.query(`${unfinished}, store_key = $2 where id = $1`, [id, key])
    await ingest.database.pool.query('update assets set state = $2 where id = $1', [id, left.state])
  })
  await untilStatus(device, id, 'available')
  expect((await visibleFiles(ingest.dir)).filter((file) => file.includes(`assembly-${what.length}`))).toEqual([path])
  expect(bytes.equals(await readFile(join(ingest.dir, path)))).toBe(true)
  await until('nothing is left of it', async () => (await leftovers(id)).length === 0)
})

test('a clip whose every byte was in when its device was moved is finished where it belongs', async () => {
  const camera = await pairDevice(ingest)
  const bytes = someBytes(1_000)
  const { id, urls } = await createFixed(camera, bytes, { name: 'in-time.mp4' })
  await putPart(urls[0] ?? '', bytes)
  await untilStatus(camera, id, 'available')
  const [path = ''] = (await visibleFiles(ingest.dir)).filter((file) => file.endsWith('in-time.mp4'))
  const hidden = join('.rushes-uploads', `${id}.data`)
  const other = await ingest.createProject('Other')
  await ingest.whileStopped(async () => {
    await link(join(ingest.dir, path), join(ingest.dir, hidden))
    await rm(join(ingest.dir, path))
    await ingest.database.pool.query(`${unfinished}, store_key = $2 where id = $1`, [id, hidden])
    await moveDevice(ingest, camera, other)
  })
  await until('it stands where it stood', async () => (await visibleFiles(ingest.dir)).includes(path))
  await untilStatus(await refreshDevice(ingest, camera), id, 'available')
})

test('never writes over a file that somebody put where the clip was to go', async () => {
  const bytes = someBytes(1_000)
  const first = await createFixed(device, bytes, { name: 'taken.mp4' })
  await putPart(first.urls[0] ?? '', bytes)
  await untilStatus(device, first.id, 'available')
  const [path = ''] = (await visibleFiles(ingest.dir)).filter((file) => file.endsWith('taken.mp4'))
  const theirs = join(ingest.dir, dirname(path), 'taken (2).mp4')
  await writeFile(theirs, 'theirs')
  const second = await createFixed(device, bytes, { name: 'taken.mp4' })
  await putPart(second.urls[0] ?? '', bytes)
  await untilStatus(device, second.id, 'available')
  expect(await readFile(theirs, 'utf8')).toBe('theirs')
  expect(bytes.equals(await readFile(join(ingest.dir, dirname(path), 'taken (3).mp4')))).toBe(true)
})

test('acknowledged bytes that somebody took from the store fail the clip at the next start', async () => {
  const bytes = someBytes(10 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'lost.mp4', parts: 2 })
  await putPart(urls[1] ?? '', bytes.subarray(5 * mib))
  await ingest.whileStopped(() => rm(join(gathering(), `${id}.data`)))
  await untilStatus(device, id, 'failed')
  const { rows } = await ingest.database.pool.query('select ended_because, ended_detail from assets where id = $1', [
    id,
  ])
  expect(rows).toEqual([
    { ended_because: 'storedBytesLost', ended_detail: 'The store holds 0 of 10485760 bytes that were acknowledged' },
  ])
})

test('bytes that are lost between the last part and the assembly fail the clip as well', async () => {
  const bytes = someBytes(100)
  const { id, urls } = await createFixed(device, bytes, { name: 'lost-late.mp4' })
  await putPart(urls[0] ?? '', bytes)
  await untilStatus(device, id, 'available')
  await ingest.whileStopped(async () => {
    const hidden = join('.rushes-uploads', `${id}.data`)
    await ingest.database.pool.query(`${unfinished}, store_key = $2 where id = $1`, [id, hidden])
    await ingest.database.pool.query("update assets set state = 'assembling' where id = $1", [id])
  })
  await untilStatus(device, id, 'failed')
})

test('an open upload with its bytes is left as it is, parts that lie apart among them', async () => {
  const bytes = someBytes(10 * mib)
  const inPlace = await createFixed(device, bytes, { name: 'open.mp4', parts: 2 })
  await putPart(inPlace.urls[1] ?? '', bytes.subarray(5 * mib))
  const apart = await createRealtime(device)
  const [url = ''] = await requestParts(device, apart.id, [{ number: 2, size: 5 * mib, is_final: false }])
  await putPart(url, bytes.subarray(5 * mib))
  await ingest.restart()
  expect(await statusOf(device, inPlace.id)).toMatchObject({ status: 'created', missing: [1] })
  expect(await statusOf(device, apart.id)).toMatchObject({ status: 'created', missing: [] })
})

test('removes what no open upload needs, and bytes of uploads that broke off long ago', async () => {
  const open = await createRealtime(device)
  const [url = ''] = await requestParts(device, open.id, [{ number: 2, size: 5 * mib, is_final: false }])
  await putPart(url, someBytes(5 * mib))
  const dir = join(gathering(), `${open.id}.apart`)
  const stranger = crypto.randomUUID()
  await ingest.whileStopped(async () => {
    await writeFile(join(dir, 'incoming-old'), 'x')
    await utimes(join(dir, 'incoming-old'), 0, 0)
    await writeFile(join(dir, 'incoming-new'), 'x')
    await writeFile(join(gathering(), `${stranger}.data`), 'x')
    await writeFile(join(gathering(), 'notes.txt'), 'x')
  })
  await until('the stranger is gone', async () => (await leftovers(stranger)).length === 0)
  await until('the old one is gone', async () => !(await readdir(dir)).includes('incoming-old'))
  expect((await readdir(dir)).sort()).toEqual(['incoming-new', expect.stringMatching(/^part-2-[0-9a-f]{16}$/)])
  expect(await readdir(gathering())).toContain('notes.txt') // not ours
})
