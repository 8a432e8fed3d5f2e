import { getEventListeners } from 'node:events'
import { appendFile, mkdir, readdir, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { digestHeadAndTail } from '../../src/capture/head-tail-digest.ts'
import { createDestination } from '../../src/destination/create-destination.ts'
import { bufferSizeBytes } from '../../src/destination/part-body.ts'
import { type OpenFile, openOnDisk } from '../../src/destination/part-source.ts'
import { putPart } from '../../src/destination/put-part.ts'
import { faults } from '../simulated-destination/fault.ts'
import {
  createClip,
  newSettings,
  pair,
  partOf,
  patternedBytes,
  sparseFile,
  startHarness,
  tempDir,
  tempFile,
  xxh64,
} from './harness.ts'

async function clipOf(bytes: Buffer, options: { chunkSizeBytes?: number } = {}) {
  const harness = await startHarness({ store: 'memory', ...options })
  const { accessToken } = await pair(harness)
  const path = await tempFile(bytes)
  const clip = await createClip(harness, accessToken, { sizeBytes: bytes.length })
  return { ...harness, path, clip }
}

async function largeClip(sizeBytes: number) {
  const harness = await startHarness()
  const { accessToken } = await pair(harness)
  const path = await sparseFile(sizeBytes)
  return { ...harness, path, clip: await createClip(harness, accessToken, { sizeBytes, partCount: 1 }) }
}

/** A client whose pool holds a single connection, so that a second request has to wait for it. */
async function withOneConnection() {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const settings = newSettings({ connections: 1 })
  const destination = createDestination(settings, { baseUrl: server.url, isOurs: true })
  return { server, path, clip, dispatcher: settings.dispatcher, destination }
}

/** Opens as ever, but tells when the file is read at or beyond a position, before the bytes are handed over. */
const meddleAt =
  (positionBytes: number, meddle: () => Promise<void>): OpenFile =>
  async (path) => {
    const file = await openOnDisk(path)
    let done = false
    return {
      ...file,
      read: async (buffer, lengthBytes, at) => {
        const readBytes = await file.read(buffer, lengthBytes, at)
        if (!done && at + lengthBytes >= positionBytes) {
          done = true
          await meddle()
        }
        return readBytes
      },
    }
  }

describe('putPart', () => {
  it.each([
    1,
    bufferSizeBytes - 1,
    bufferSizeBytes,
    bufferSizeBytes + 1,
    2 * bufferSizeBytes,
    5 * bufferSizeBytes + 17,
  ])('stores and digests exactly the bytes of a file of %i bytes', async (sizeBytes) => {
    const bytes = patternedBytes(sizeBytes)
    const { destination, server, path, clip } = await clipOf(bytes)

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0]))

    expect(outcome).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
    expect(server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
  })

  it('sends the range of its part and no byte besides', async () => {
    const bytes = patternedBytes(3_000_000)
    const { destination, server, path, clip } = await clipOf(bytes, { chunkSizeBytes: 1_000_000 })
    const whole = await partOf(path, '')
    for (const [index, url] of clip.uploadUrls.entries()) {
      const file = { ...whole.file, offsetBytes: index * 1_000_000, sizeBytes: 1_000_000 }
      const outcome = await destination.putPart({ ...whole, url, file })
      const part = bytes.subarray(index * 1_000_000, (index + 1) * 1_000_000)
      expect(outcome).toEqual({ kind: 'stored', xxh64: await xxh64(part) })
    }
    expect(server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
  })

  it('sends the two signed headers and a fixed length, and nothing else', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(700_000))

    await destination.putPart(await partOf(path, clip.uploadUrls[0]))

    const { host, connection, ...headers } = server.requestsOf('part')[0]?.headers ?? {}
    expect(headers).toEqual({ 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': '700000' })
    expect(server.violations).toEqual([])
  })

  it('tells of every byte that the connection took, once', async () => {
    const { destination, path, clip } = await clipOf(patternedBytes(1_700_000))
    const told: number[] = []

    await destination.putPart(await partOf(path, clip.uploadUrls[0], { onBytes: (count) => told.push(count) }))

    expect(told.reduce((sum, count) => sum + count, 0)).toBe(1_700_000)
    expect(told.length).toBeGreaterThan(1)
  })

  it('leaves no listener on a signal that lives as long as the daemon, and no file open', async () => {
    const { destination, path, clip } = await clipOf(patternedBytes(1_000))
    const { signal } = new AbortController()
    const openFiles = async () => (await readdir('/dev/fd')).length
    const before = await openFiles()
    for (let count = 0; count < 20; count++)
      await destination.putPart(await partOf(path, clip.uploadUrls[0], { signal }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(await openFiles()).toBeLessThan(before + 10)
  })

  it('opens a file whose name is not UTF-8', async () => {
    const bytes = patternedBytes(1_000)
    const { destination, clip } = await clipOf(bytes)
    const path = Buffer.concat([Buffer.from(`${await tempDir()}/`), Buffer.from([0xff, 0xfe, 0x2e])])
    await writeFile(path, bytes)
    const file = { path, offsetBytes: 0, sizeBytes: 1_000, expected: null }

    const outcome = await destination.putPart({ ...(await partOf(await tempFile(bytes), clip.uploadUrls[0])), file })

    expect(outcome.kind).toBe('stored')
  })
})

describe('putPart, when the file is not what it was', () => {
  it('says that it is missing when it was deleted', async () => {
    const { destination, path, clip } = await clipOf(patternedBytes(1_000))
    const part = await partOf(path, clip.uploadUrls[0])
    await rm(path)

    expect(await destination.putPart(part)).toEqual({
      kind: 'failed',
      failure: { kind: 'source', problem: 'missing', code: 'ENOENT' },
    })
  })

  it.each([
    ['changed', 'longer than expected', (path: string) => appendFile(path, 'more')],
    ['truncated', 'shorter than expected', (path: string) => truncate(path, 10)],
    ['changed', 'touched', (path: string) => utimes(path, new Date(), new Date(1_700_000_000_000))],
    [
      'changed',
      'replaced by a shorter one',
      async (path: string) => {
        await writeFile(`${path}.new`, 'another')
        await rename(`${path}.new`, path)
      },
    ],
  ])('sends nothing and says %s when it is %s', async (problem, _how, change) => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))
    const part = await partOf(path, clip.uploadUrls[0])
    await change(path)

    expect(await destination.putPart(part)).toEqual({ kind: 'failed', failure: { kind: 'source', problem, code: '' } })
    expect(server.requestsOf('part')).toEqual([])
  })

  it('says that it is no regular file when a folder took its place', async () => {
    const { destination, clip, path } = await clipOf(patternedBytes(1_000))
    const part = await partOf(path, clip.uploadUrls[0])

    const outcome = await destination.putPart({ ...part, file: { ...part.file, path: await tempDir() } })

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'source', problem: 'notARegularFile', code: '' } })
  })

  it.each([
    ['its head', 0],
    ['its tail', 299_999],
  ])(
    'sends nothing of another take of the same size and time that differs in %s, where inodes do not last',
    async (_, at) => {
      const bytes = patternedBytes(300_000)
      const { destination, server, clip, path } = await clipOf(bytes)
      const part = await partOf(path, clip.uploadUrls[0])
      const headTailDigest = await digestHeadAndTail(
        async (offset, length) => bytes.subarray(offset, offset + length),
        300_000,
      )
      const file = { ...part.file, expected: { sizeBytes: 300_000, modifiedUs: null, inode: null, headTailDigest } }
      const { mtime } = await stat(path)
      bytes[at] = 255 - (bytes[at] ?? 0)
      await writeFile(path, bytes)
      await utimes(path, mtime, mtime)

      expect(await destination.putPart({ ...part, file })).toEqual({
        kind: 'failed',
        failure: { kind: 'source', problem: 'changed', code: '' },
      })
      expect(server.requestsOf('part')).toEqual([])
    },
  )

  it('sends the file that it knows by its ends, whatever time its card shows, unless it is touched under way', async () => {
    const bytes = patternedBytes(6 * bufferSizeBytes)
    const { settings, clip, path } = await clipOf(bytes)
    const part = await partOf(path, clip.uploadUrls[0])
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
    const headTailDigest = await digestHeadAndTail(read, bytes.length)
    const file = { ...part.file, expected: { sizeBytes: bytes.length, modifiedUs: null, inode: null, headTailDigest } }
    // The clocks were changed while the card was out.
    await utimes(path, new Date(1_700_000_000_000), new Date(1_700_003_600_000))
    const touch = () => utimes(path, new Date(), new Date(1_700_000_000_000))

    expect(await putPart(settings, { ...part, file }, meddleAt(2 * bufferSizeBytes, touch))).toMatchObject({
      failure: { problem: 'changed' },
    })
    expect(await putPart(settings, { ...part, file })).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
  })

  it('follows no link that took its place, though size and time are those of the file', async () => {
    const { destination, server, clip, path } = await clipOf(patternedBytes(1_000))
    const part = await partOf(path, clip.uploadUrls[0])
    await rename(path, `${path}.secret`)
    await symlink(`${path}.secret`, path)
    // As on a share, where inodes do not last.
    const expected = { sizeBytes: 1_000, modifiedUs: part.file.expected?.modifiedUs ?? 0, inode: null }
    const growing = { sizeBytes: null, modifiedUs: null, inode: null }

    for (const file of [expected, growing].map((now) => ({ ...part.file, expected: now })))
      expect(await destination.putPart({ ...part, file })).toEqual({
        kind: 'failed',
        failure: { kind: 'source', problem: 'notARegularFile', code: 'ELOOP' },
      })
    expect(server.requestsOf('part')).toEqual([])
  })

  it('follows no link that took the place of a folder on the way to it, but its watch folder may be one', async () => {
    const { destination, server, clip, path } = await clipOf(patternedBytes(1_000))
    const [outside, clips] = [dirname(path), await tempDir()]
    const watchFolder = join(await tempDir(), 'watched')
    await symlink(clips, watchFolder)
    await symlink(outside, join(clips, 'A001'))
    const part = await partOf(path, clip.uploadUrls[0])
    const file = { ...part.file, path: join(watchFolder, 'A001', basename(path)), watchFolder }

    expect(await destination.putPart({ ...part, file })).toEqual({
      kind: 'failed',
      failure: { kind: 'source', problem: 'notARegularFile', code: 'ELOOP' },
    })
    expect(server.requestsOf('part')).toEqual([])

    await rm(join(clips, 'A001'))
    await mkdir(join(clips, 'A001'))
    await rename(path, join(clips, 'A001', basename(path)))
    expect((await destination.putPart({ ...part, file })).kind).toBe('stored')
  })

  it.each([
    ['truncated', 'it loses bytes', (path: string) => truncate(path, bufferSizeBytes)],
    ['changed', 'it grows', (path: string) => appendFile(path, 'more')],
    ['changed', 'it is touched', (path: string) => utimes(path, new Date(), new Date(1_700_000_000_000))],
  ])('never completes the part and says %s when %s under way', async (problem, _how, change) => {
    const sizeBytes = 6 * bufferSizeBytes
    const { server, settings, path, clip } = await clipOf(patternedBytes(sizeBytes))
    const part = await partOf(path, clip.uploadUrls[0])

    const outcome = await putPart(
      settings,
      part,
      meddleAt(2 * bufferSizeBytes, () => change(path)),
    )

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'source', problem, code: '' } })
    await server.until(() => server.requests.every((request) => request.ended), 'the request ends')
    expect(server.completedAssets()).toEqual([])
    expect(server.requestsOf('part').every((request) => request.bodyBytes < sizeBytes)).toBe(true)
  })

  it('says that it is unreadable, with the code, when the medium fails under way', async () => {
    const { settings, path, clip } = await clipOf(patternedBytes(4 * bufferSizeBytes))
    const failing = meddleAt(2 * bufferSizeBytes, async () => {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' })
    })

    const outcome = await putPart(settings, await partOf(path, clip.uploadUrls[0]), failing)

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'source', problem: 'unreadable', code: 'EIO' } })
  })

  it('sends a part of a file that grows, when nothing was expected of it', async () => {
    const bytes = patternedBytes(bufferSizeBytes * 3)
    const { settings, path, clip } = await clipOf(bytes)
    const part = await partOf(path, clip.uploadUrls[0])
    const growing = { ...part, file: { ...part.file, expected: null } }

    const outcome = await putPart(
      settings,
      growing,
      meddleAt(bufferSizeBytes, () => appendFile(path, 'more')),
    )

    expect(outcome).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
  })
})

describe('putPart, when nothing moves or it is told to stop', () => {
  it('gives up as stalled when no byte is taken for the stall limit', async () => {
    const { destination, server, path, clip } = await largeClip(64_000_000)
    server.inject(faults.stallMidBody(1), { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 300, replyMs: 60_000 }))

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
    expect(server.requestsOf('part')[0]?.bodyBytes).toBeLessThan(64_000_000)
  })

  it('gives up as stalled when the reply does not come, though every byte was taken', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))
    server.inject(faults.stallReply, { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 60_000, replyMs: 200 }))

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
  })

  it('waits for the reply to a large part for as long as a slow disk takes to store it', async () => {
    const { destination, server, path, clip } = await largeClip(64_000_000)
    server.inject(faults.latency(1_500), { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 500 }))

    expect(outcome.kind).toBe('stored')
  })

  it('does not count the wait for a connection as a stall', async () => {
    const { destination, server, path, clip } = await withOneConnection()
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const first = destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 1_500 }))
    await held.firstHit

    const second = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 700 }))

    expect(await first).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
    expect(second.kind).toBe('stored')
  })

  it('ends as aborted, and stops sending, as soon as the signal says so', async () => {
    const { destination, server, path, clip } = await largeClip(400_000_000)
    const stop = new AbortController()
    let takenBytes = 0
    let takenAfterAbort = 0
    const onBytes = (byteCount: number) => {
      takenBytes += byteCount
      if (stop.signal.aborted) takenAfterAbort += 1
      else if (takenBytes > 20_000_000) stop.abort()
    }

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal, onBytes }))

    expect(outcome).toEqual({ kind: 'aborted' })
    await server.until(() => server.requests.every((request) => request.ended), 'the request ends')
    expect(takenAfterAbort).toBe(0)
    expect(server.requestsOf('part')[0]?.bodyBytes).toBeLessThan(22_000_000)
    expect(server.completedAssets()).toEqual([])
  })

  it('ends as aborted at once while the server keeps its reply back', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const stop = new AbortController()
    const sent = destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal }))
    await held.firstHit
    stop.abort()

    expect(await sent).toEqual({ kind: 'aborted' })
  })

  it('ends as aborted at once while it waits for a connection', async () => {
    const { destination, server, dispatcher, path, clip } = await withOneConnection()
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const first = destination.putPart(await partOf(path, clip.uploadUrls[0]))
    await held.firstHit
    const requests = vi.spyOn(dispatcher, 'dispatch')
    const stop = new AbortController()
    const second = destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal }))
    await expect.poll(() => requests.mock.calls.length).toBe(1)
    stop.abort()

    expect(await second).toEqual({ kind: 'aborted' })
    held.remove()
    expect((await first).kind).toBe('stored')
    expect(server.requestsOf('part').length).toBe(1)
  })

  it.each([
    ['before', () => AbortSignal.abort()],
    ['after', () => AbortSignal.timeout(20)],
  ])('ends as aborted when the medium hangs already at opening and the signal came %s', async (_when, signal) => {
    const { settings, path, clip } = await clipOf(patternedBytes(1_000))
    const hanging = () => new Promise<never>(() => undefined)

    const outcome = await putPart(settings, await partOf(path, clip.uploadUrls[0], { signal: signal() }), hanging)

    expect(outcome).toEqual({ kind: 'aborted' })
  })

  it('sends nothing when the signal had been given before', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))

    expect(await destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: AbortSignal.abort() }))).toEqual({
      kind: 'aborted',
    })
    expect(server.requestsOf('part')).toEqual([])
  })

  it('ends as stalled, and lets go of the file later, when the medium hangs', async () => {
    const { settings, path, clip } = await clipOf(patternedBytes(4 * bufferSizeBytes))
    const hang = () => new Promise<never>(() => undefined)
    const hanging: OpenFile = async (file) => ({ ...(await openOnDisk(file)), read: hang, close: hang })

    const outcome = await putPart(settings, await partOf(path, clip.uploadUrls[0], { stallMs: 200 }), hanging)

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
  })
})
