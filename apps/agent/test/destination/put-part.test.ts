import { getEventListeners } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { bufferSizeBytes } from '../../src/destination/part-body.ts'
import { clipOf } from './clips-to-send.ts'
import { partOf, patternedBytes, tempDir, tempFile, xxh64 } from './harness.ts'

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
