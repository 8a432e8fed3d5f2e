import { appendFile, mkdir, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestHeadAndTail } from '../../src/capture/head-tail-digest.ts'
import { bufferSizeBytes } from '../../src/destination/part-body.ts'
import { putPart } from '../../src/destination/put-part.ts'
import { clipOf, meddleAt } from './clips-to-send.ts'
import { partOf, patternedBytes, tempDir, xxh64 } from './harness.ts'

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
