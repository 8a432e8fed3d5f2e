import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as anyTest, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { maxBatchBytes } from '../src/store/folder/part-writer.ts'
import {
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  split,
  statusOf,
  storedBytes,
  untilStatus,
  visibleFiles,
} from './support/clips.ts'
import { type Device, pairDevice, send } from './support/pair.ts'
import { startTestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

/** A disk of its own is a mount, which takes root on Linux; elsewhere these are skipped, and counted. */
const test = anyTest.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)

/** A file system that holds this much and no more. */
async function smallDisk(sizeBytes: number): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', dir])
  onTestFinished(async () => {
    execFileSync('umount', ['--lazy', dir])
    await rm(dir, { recursive: true })
  })
  return dir
}

/** Leaves this much free. */
async function fill(dir: string, leaveBytes: number, name = 'filling'): Promise<string> {
  const { bavail, bsize } = await statfs(dir)
  const path = join(dir, name)
  await writeFile(path, Buffer.alloc(bavail * bsize - leaveBytes))
  return path
}

const code = (reply: { text: string }) => /<Code>(\w+)<\/Code>/.exec(reply.text)?.[1]
const health = z.object({ status: z.string(), conditions: z.array(z.string()) })

async function twoParts(device: Device, name: string, seed: number) {
  const bytes = someBytes(12 * mib, seed)
  const { id, urls } = await createFixed(device, bytes, { name, parts: 2 })
  const [head = bytes, tail = bytes] = split(bytes, 2)
  return { id, name, bytes, head, tail, first: urls[0] ?? '', second: urls[1] ?? '' }
}

test('a part for which there is no room is refused before a byte of it is taken, and goes through once there is', async () => {
  const dir = await smallDisk(64 * mib)
  await using ingest = await startTestIngest({
    config: { store: { kind: 'folder', dir } },
    limits: { watchEveryMs: 100 },
  })
  const device = await pairDevice(ingest)
  const clip = await twoParts(device, 'waits.mp4', 1)
  expect((await putPart(clip.first, clip.head)).status).toBe(200)
  const filling = await fill(dir, 3 * mib)
  const refused = await putPart(clip.second, clip.tail)
  expect([refused.status, code(refused)]).toEqual([507, 'InsufficientStorage'])
  expect(await statusOf(device, clip.id)).toMatchObject({ status: 'created', missing: [2] })
  const other = { name: 'other.mp4', filetype: 'video/mp4', filesize: 6 * mib, offset: 0 }
  await until('creates are refused', async () => {
    const { status, body } = await device.call('POST', '/v2/devices/assets', other)
    return status === 402 && (body as { message: string }).message === 'Usage Exceeded'
  })
  await rm(filling)
  await until('there is room again', async () => (await putPart(clip.second, clip.tail)).status === 200)
  await untilStatus(device, clip.id, 'available')
  expect(clip.bytes.equals(await storedBytes(dir, clip.name))).toBe(true)
})

test('a disk that fills up in the middle of a part leaves nothing wrong: the part is missing, what was there stays, nothing is seen', async () => {
  const dir = await smallDisk(64 * mib)
  // Without a reserve, and with room enough when the part begins.
  await using ingest = await startTestIngest({
    config: { store: { kind: 'folder', dir } },
    limits: { reserveBytes: 0 },
  })
  const device = await pairDevice(ingest)
  const clip = await twoParts(device, 'interrupted.mp4', 2)
  expect((await putPart(clip.first, clip.head)).status).toBe(200)
  const goOn = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(clip.tail.subarray(0, maxBatchBytes + mib))
      await goOn.promise
      controller.enqueue(clip.tail.subarray(maxBatchBytes + mib))
      controller.close()
    },
  })
  const headers = { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(clip.tail.length) }
  const put = fetch(clip.second, { method: 'PUT', headers, body, duplex: 'half' })
  const usedBytes = async () => {
    const { blocks, bfree, bsize } = await statfs(dir)
    return (blocks - bfree) * bsize
  }
  await until('it comes in', async () => (await usedBytes()) > clip.head.length + maxBatchBytes / 2)
  const filling = await fill(dir, mib)
  goOn.resolve()
  const reply = await put
  expect([reply.status, code({ text: await reply.text() })]).toEqual([507, 'InsufficientStorage'])
  expect(await statusOf(device, clip.id)).toMatchObject({ status: 'created', missing: [2] })
  expect((await visibleFiles(dir)).filter((path) => path !== 'filling')).toEqual([])
  await rm(filling)
  await until('there is room again', async () => (await putPart(clip.second, clip.tail)).status === 200)
  await untilStatus(device, clip.id, 'available')
  expect(clip.bytes.equals(await storedBytes(dir, clip.name))).toBe(true)
})

test.for([
  // The second part lies apart; to move it to its place takes as much again.
  ['lie apart', [], 5 * mib],
  // The second part is where it belonged before the first grew; all of them are copied.
  ['have moved', [{ number: 1, size: 5 * mib, is_final: false }], 5 * mib + 9],
] as const)(
  'a clip whose parts %s and for whose assembly there is no room waits, whole, and is assembled once there is',
  async ([, before, headBytes]) => {
    const dir = await smallDisk(64 * mib)
    await using ingest = await startTestIngest({
      config: { store: { kind: 'folder', dir } },
      limits: { reserveBytes: 0 },
    })
    const device = await pairDevice(ingest)
    const bytes = someBytes(headBytes + 7 * mib, 3)
    const { id } = await createRealtime(device, { name: 'waits.mp4' })
    const [second = ''] = await requestParts(device, id, [{ number: 2, size: 6 * mib, is_final: false }, ...before])
    expect((await putPart(second, bytes.subarray(headBytes, headBytes + 6 * mib))).status).toBe(200)
    const parts = [
      { number: 1, size: headBytes, is_final: false },
      { number: 3, size: mib, is_final: true },
    ]
    const [first = '', third = ''] = await requestParts(device, id, parts, { asset_filesize: bytes.length })
    expect((await putPart(first, bytes.subarray(0, headBytes))).status).toBe(200)
    const filling = await fill(dir, 2 * mib)
    await until(
      'there is room for the small one',
      async () => (await putPart(third, bytes.subarray(headBytes + 6 * mib))).status === 200,
    )
    await until('the assembly has failed', () => ingest.logLines.some((line) => line.includes('ENOSPC')))
    expect(await statusOf(device, id)).toMatchObject({ status: 'assembling', missing: [] })
    expect((await visibleFiles(dir)).filter((path) => path !== 'filling')).toEqual([])
    await rm(filling)
    await untilStatus(device, id, 'available')
    expect(bytes.equals(await storedBytes(dir, 'waits.mp4'))).toBe(true)
  },
)

test('little room and none are conditions: told in the log once, in health, to operators; none of them stops anything', async () => {
  const dir = await smallDisk(64 * mib)
  await using ingest = await startTestIngest({
    config: { store: { kind: 'folder', dir }, storeLowBytes: 20 * mib },
    limits: { watchEveryMs: 50 },
  })
  const conditionsTold = async () => health.parse((await send('GET', `${ingest.url}/health`)).body).conditions
  const rows = async () => (await ingest.database.pool.query('select code, detail from conditions')).rows
  const begins = (condition: string) =>
    ingest.logLines.filter((line) => line.includes('condition begins') && line.includes(condition)).length

  const filling = await fill(dir, 10 * mib)
  await until('health tells that it is low', async () => (await conditionsTold()).includes('storeLow'))
  await until('so do the rows', async () => (await rows()).length > 0)
  expect(await rows()).toEqual([{ code: 'storeLow', detail: expect.stringMatching(/^Room for \d+ MB is left/) }])
  // Beside the other: were that taken away first, a look in between would find nothing wrong.
  const rest = await fill(dir, mib / 2, 'rest')
  await until('health tells that it is full', async () => (await conditionsTold()).includes('storeFull'))
  expect((await send('GET', `${ingest.url}/health`)).status).toBe(200)
  await until('so do the rows', async () => (await rows()).some((row) => row.code === 'storeFull'))
  await rm(filling)
  await rm(rest)
  await until('it is over', async () => (await conditionsTold()).length === 0)
  await until('it is over for operators too', async () => (await rows()).length === 0)
  expect([begins('storeLow'), begins('storeFull')]).toEqual([1, 1])
})
