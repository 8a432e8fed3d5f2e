import { execFileSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Courier, CourierOptions } from '../../src/destination/courier.ts'
import { createDestination } from '../../src/destination/create-destination.ts'
import { bufferSizeBytes } from '../../src/destination/part-body.ts'
import type { PutPart } from '../../src/destination/port.ts'
import { putPart } from '../../src/destination/put-part.ts'
import { clipOf } from './clips-to-send.ts'
import { carried, eagerCourier } from './courier-to-test.ts'
import { newSettings, partOf, patternedBytes, tempDir, xxh64 } from './harness.ts'

const couriers: Courier[] = []
afterEach(async () => {
  for (const courier of couriers.splice(0)) await courier.close()
})

function newCourier(options: Partial<CourierOptions> = {}): Courier {
  const courier = eagerCourier(options)
  couriers.push(courier)
  return courier
}

/** A courier whose thread has sent something. */
async function awakeCourier(part: PutPart, options: Partial<CourierOptions> = {}): Promise<Courier> {
  const courier = newCourier(options)
  await carried(courier, { ...part, file: { ...part.file, path: '/nowhere' } })
  return courier
}

/** What the process has been warned of since. */
function warnings(): () => string[] {
  const warned: string[] = []
  const hear = ({ message }: Error) => warned.push(message)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  return () => warned
}

test('the thread stores and digests exactly the bytes of a small part, and tells of each once', async () => {
  const bytes = patternedBytes(bufferSizeBytes)
  const { server, path, clip } = await clipOf(bytes)
  const told: number[] = []
  const part = await partOf(path, clip.uploadUrls[0], { onBytes: (count) => told.push(count) })
  expect(await carried(newCourier(), part)).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
  expect(server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
  expect(told).toEqual([bytes.length])
  expect(server.violations).toEqual([])
})

test.for([
  ['a file that is gone', async ({ path }: { path: string }) => rm(path)],
  ['a file that is shorter than it was', async ({ path }: { path: string }) => truncate(path, 10)],
  ['a file that was written to', async ({ path }: { path: string }) => writeFile(path, 'another take')],
  [
    'a folder in its place',
    async ({ path }: { path: string }) => {
      await rm(path)
      await mkdir(path)
    },
  ],
  [
    'a link in its place',
    async ({ path }: { path: string }) => {
      await rm(path)
      await symlink('/etc/hostname', path)
    },
  ],
  [
    'a refusal',
    async ({ server }: Pick<Awaited<ReturnType<typeof clipOf>>, 'server'>) => {
      for (const nth of [1, 2])
        server.inject({ kind: 'reply', status: 503, headers: { 'retry-after': '7' } }, { operation: 'part', nth })
    },
  ],
] as const)('of %s the thread says what is said on the main one', async ([, spoil]) => {
  const made = await clipOf(patternedBytes(1_000))
  const part = await partOf(made.path, made.clip.uploadUrls[0])
  const courier = await awakeCourier(part)
  await spoil(made)
  const outcome = await carried(courier, part)
  expect(outcome?.kind).toBe('failed')
  expect(outcome).toEqual(await putPart(newSettings(), part))
})

test('an address that is not to be used is refused in the thread as well', async () => {
  const { path } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, 'http://192.0.2.1/part')
  expect(await carried(newCourier(), part)).toEqual(await putPart(newSettings(), part))
})

test('only what is read at once and by nobody else goes by the thread', async () => {
  const { path, clip } = await clipOf(patternedBytes(bufferSizeBytes + 1))
  const part = await partOf(path, clip.uploadUrls[0])
  const courier = await awakeCourier({ ...part, file: { ...part.file, sizeBytes: 10 } })
  expect(courier.put(part)).toBeNull()
  const small = { ...part, file: { ...part.file, sizeBytes: 1_000 } }
  expect(courier.put({ ...small, onRead: () => undefined })).toBeNull()
  expect(courier.put({ ...small, file: { ...small.file, path: Buffer.from(path) } })).toBeNull()
  expect(courier.put({ ...small, signal: AbortSignal.abort() })).toBeNull()
})

test('a thread is begun only where many small parts come within a second', async () => {
  const { path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0])
  const courier = newCourier({ worthThread: 1_000 })
  for (let count = 0; count < 100; count++) expect(courier.put(part)).toBeNull()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(courier.put(part)).toBeNull()
})

test('no thread is begun where memory is scarce', async () => {
  const { path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0])
  const courier = newCourier({ roomyBytes: Number.MAX_SAFE_INTEGER })
  for (let count = 0; count < 25; count++) {
    expect(courier.put(part)).toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

test('a part that the thread does not take goes the ordinary way', async () => {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const courier = newCourier({ worthThread: 1_000 })
  const destination = createDestination({ ...newSettings(), courier }, { baseUrl: server.url, isOurs: true })
  expect((await destination.putPart(await partOf(path, clip.uploadUrls[0]))).kind).toBe('stored')
})

test('an aborted part ends at once, and the thread is well', async () => {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const controller = new AbortController()
  const part = await partOf(path, clip.uploadUrls[0], { signal: controller.signal })
  const courier = await awakeCourier(part)
  const stall = server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part' })
  const sending = carried(courier, part)
  await stall.firstHit
  controller.abort()
  expect(await sending).toEqual({ kind: 'aborted' })
  expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  stall.remove()
  // What the thread says of the aborted one comes to nobody.
  const next = await partOf(path, clip.uploadUrls[0])
  expect((await carried(courier, next))?.kind).toBe('stored')
})

test('the connection of an aborted part is closed', async () => {
  const [asked, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const mute = createServer((socket) => {
    socket.on('error', () => undefined) // it is cut off
    socket.once('data', () => asked.resolve())
    socket.on('close', () => closed.resolve())
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void mute.close())
  const { path } = await clipOf(patternedBytes(1_000))
  const controller = new AbortController()
  const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}/part`
  const sending = carried(newCourier(), await partOf(path, url, { signal: controller.signal }))
  await asked.promise
  controller.abort()
  expect(await sending).toEqual({ kind: 'aborted' })
  await closed.promise
})

test('a part whose file lies outside its watch folder is refused in the thread as well', async () => {
  const { path, clip } = await clipOf(patternedBytes(1_000))
  const elsewhere = await tempDir()
  const part = await partOf(path, clip.uploadUrls[0])
  const inside = join(elsewhere, 'link')
  await symlink(dirname(path), inside)
  const file = { ...part.file, path: join(inside, basename(path)), watchFolder: elsewhere }
  const outcome = await carried(newCourier(), { ...part, file })
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'source' } })
  expect(outcome).toEqual(await putPart(newSettings(), { ...part, file }))
})

test('a part that was aborted while the system kept the thread never leaves', async () => {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const folder = await tempDir()
  vi.stubEnv('TEST_FOLDER', folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  const controller = new AbortController()
  const part = await partOf(path, clip.uploadUrls[0], { signal: controller.signal })
  const program = new URL('slow-stat-thread.ts', import.meta.url)
  const courier = newCourier({ hangsAfterMs: 30_000, program })
  const sending = carried(courier, part)
  // Its bytes are read, and the thread is in the call that makes sure of the file once more.
  await expect.poll(() => existsSync(join(folder, 'asked')), { timeout: 20_000 }).toBe(true)
  controller.abort()
  expect(await sending).toEqual({ kind: 'aborted' })
  await writeFile(join(folder, 'answer'), '')
  expect((await carried(courier, await partOf(path, clip.uploadUrls[0])))?.kind).toBe('stored')
  expect(server.requestsOf('part')).toHaveLength(1)
})

test('a part that stalls is given up in the thread as on the main one', async () => {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0], { stallMs: 200, replyMs: 200 })
  const courier = await awakeCourier(part)
  server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part' })
  expect(await carried(courier, part)).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
})

test('what a hanging thread was given goes the ordinary way, unless it may have left, and no other is begun before it has ended', async () => {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0])
  const warned = warnings()
  const pipe = join(await tempDir(), 'pipe')
  execFileSync('mkfifo', [pipe])
  vi.stubEnv('TEST_PIPE', pipe)
  onTestFinished(() => void vi.unstubAllEnvs())
  const program = new URL('hanging-thread.ts', import.meta.url)
  const courier = newCourier({ hangsAfterMs: 1_000, program })
  const destination = createDestination({ ...newSettings(), courier }, { baseUrl: server.url, isOurs: true })
  const outcomes = await Promise.all([carried(courier, part), carried(courier, part)])
  expect(outcomes).toContainEqual({ kind: 'failed', failure: { kind: 'stalled' } })
  expect(outcomes).toContain(null)
  expect((await destination.putPart(part)).kind).toBe('stored')
  expect(warned()).toEqual([expect.stringContaining('does not answer')])
  for (let count = 0; count < 20; count++) {
    expect(courier.put(part)).toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const writer = openSync(pipe, 'r+')
  onTestFinished(() => closeSync(writer))
  expect(await carried(courier, part)).toEqual({ kind: 'aborted' })
})

test('a thread that fails is not begun again at once, and what it was given goes the ordinary way', async () => {
  const { path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0])
  const warned = warnings()
  const courier = newCourier({ program: new URL('failing-thread.ts', import.meta.url) })
  expect(await carried(courier, part)).toBeNull()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(courier.put(part)).toBeNull()
  expect(warned()).toEqual(['the thread that sends small parts has failed: a bug'])
})

test('a thread that has nothing to do ends, and another is begun when there is', async () => {
  const { path, clip } = await clipOf(patternedBytes(1_000))
  const part = await partOf(path, clip.uploadUrls[0])
  const courier = await awakeCourier(part, { idleMs: 400, hangsAfterMs: 1_000 })
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(courier.put(part)).toBeNull()
  expect((await carried(courier, part))?.kind).toBe('stored')
})
