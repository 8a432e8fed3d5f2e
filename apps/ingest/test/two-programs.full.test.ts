import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createFixed,
  mib,
  putPart,
  someBytes,
  split,
  storedBytes,
  untilStatus,
  visibleFiles,
  xxh64Of,
} from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

// Two programs on one database and one folder: the first one that starts keeps the folder.
let keeper: ProcessIngest
let other: ProcessIngest
let device: Device
beforeAll(async () => {
  keeper = await prepareProcessIngest()
  await keeper.start()
  other = await prepareProcessIngest({ beside: keeper })
  await other.start()
  device = await pairDevice(keeper)
}, 180_000)
afterAll(async () => {
  await other.dispose()
  await keeper.dispose()
})

/** The same part at the other program. */
const at = (program: ProcessIngest, url: string) => url.replace(keeper.url, program.url).replace(other.url, program.url)
const digestsOf = async (assetId: string) => {
  const { rows } = await keeper.database.pool.query<{ received_xxh64: string }>(
    'select received_xxh64 from asset_parts where asset_id = $1 order by number',
    [assetId],
  )
  return rows.map((row) => row.received_xxh64)
}
const assembledBy = (program: ProcessIngest, assetId: string) =>
  program
    .output()
    .split('\n')
    .filter((line) => line.includes('clip available') && line.includes(assetId)).length

test('parts of a clip that come to either program make one clip, assembled once', async () => {
  const bytes = someBytes(20 * mib, 1)
  const { id, urls } = await createFixed(device, bytes, { name: 'spread.mp4', parts: 4 })
  const pieces = split(bytes, 4)
  const replies = await Promise.all(
    pieces.map((piece, i) => putPart(at(i % 2 === 0 ? keeper : other, urls[i] ?? ''), piece)),
  )
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
  await untilStatus(device, id, 'available')
  expect(bytes.equals(await storedBytes(keeper.dir, 'spread.mp4'))).toBe(true)
  await until('it is logged', () => assembledBy(keeper, id) === 1)
  expect(assembledBy(other, id)).toBe(0)
})

test('the same part at both at once, with the same bytes, is 200 for each', async () => {
  const bytes = someBytes(12 * mib, 2)
  const { id, urls } = await createFixed(device, bytes, { name: 'twice.mp4', parts: 2 })
  const [head = bytes, tail = bytes] = split(bytes, 2)
  const [first = '', second = ''] = urls
  const replies = await Promise.all([keeper, other, other, keeper].map((program) => putPart(at(program, first), head)))
  expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
  await putPart(at(other, second), tail)
  await untilStatus(device, id, 'available')
  expect(bytes.equals(await storedBytes(keeper.dir, 'twice.mp4'))).toBe(true)
})

test.each([1, 2, 3, 4, 5, 6])(
  'different bytes for one part at both at once never mix, and the digest told is that of the bytes kept, round %i',
  async (round) => {
    const name = `contest-${round}.mp4`
    const bytes = someBytes(12 * mib, 10 + round)
    const { id, urls } = await createFixed(device, bytes, { name, parts: 2 })
    const [head = bytes, tail = bytes] = split(bytes, 2)
    const [first = '', second = ''] = urls
    const versions = [head, Buffer.from(head.map((byte) => byte ^ 0xff)), Buffer.from(head.map((byte) => byte ^ 0x0f))]
    const replies = await Promise.all(
      versions.map((version, i) => putPart(at(i === 0 ? keeper : other, first), version)),
    )
    // One that was overtaken is told to come again; none of them is told anything else.
    expect(replies.map((reply) => reply.status).filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(replies.some((reply) => reply.status === 200)).toBe(true)
    const [kept] = await digestsOf(id)
    await putPart(at(round % 2 === 0 ? keeper : other, second), tail)
    await untilStatus(device, id, 'available')
    const stored = await storedBytes(keeper.dir, name)
    expect(xxh64Of(stored.subarray(0, head.length))).toBe(kept)
    expect(versions.some((version) => version.equals(stored.subarray(0, head.length)))).toBe(true)
    expect(tail.equals(stored.subarray(head.length))).toBe(true)
  },
)

test('when the one that keeps the folder is killed, the other finishes what it left', async () => {
  const bytes = someBytes(12 * mib, 30)
  const { id, urls } = await createFixed(device, bytes, { name: 'orphan.mp4', parts: 2 })
  const [head = bytes, tail = bytes] = split(bytes, 2)
  expect((await putPart(at(keeper, urls[0] ?? ''), head)).status).toBe(200) // in place, by the keeper
  await keeper.kill()
  expect((await putPart(at(other, urls[1] ?? ''), tail)).status).toBe(200)
  await until('it stands there', async () =>
    (await visibleFiles(other.dir)).some((path) => path.endsWith('orphan.mp4')),
  )
  expect(bytes.equals(await storedBytes(other.dir, 'orphan.mp4'))).toBe(true)
  await keeper.start()
  expect(await untilStatus(device, id, 'available')).toMatchObject({ missing: [] })
  const leftovers = async () =>
    (await readdir(join(keeper.dir, '.rushes-uploads'))).filter((entry) => entry.startsWith(id))
  await until('nothing is left of it', async () => (await leftovers()).length === 0)
})
