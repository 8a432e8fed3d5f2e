import { appendFile, lstat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { inspectFile } from '../../src/capture/inspect-file.ts'
import { temporaryFolder } from './watched-folder.ts'

/** What happens to the file after its ends were read. */
const meddle = vi.hoisted(() => ({ underWay: async (): Promise<void> => undefined }))
vi.mock('../../src/capture/embedded-creation-time.ts', () => ({
  readEmbeddedCreationTime: async () => {
    await meddle.underWay()
    return null
  },
}))

beforeEach(() => {
  meddle.underWay = async () => undefined
})

const ioError = () => Object.assign(new Error('the medium cannot be read here'), { code: 'EIO' })

async function take() {
  const temporary = await temporaryFolder()
  const path = join(temporary.path, 'a.mov')
  await writeFile(path, 'take')
  const { size, mtimeNs, ino, dev } = await lstat(path, { bigint: true })
  return {
    path,
    look: { sizeBytes: Number(size), mtimeNs, inode: ino, device: dev },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  }
}

test('a file that nobody touches is read', async () => {
  await using file = await take()
  expect(await inspectFile(file.path, file.look)).toMatchObject({ kind: 'read' })
})

test('one that grows while it is read has changed', async () => {
  await using file = await take()
  meddle.underWay = () => appendFile(file.path, ' two')
  expect(await inspectFile(file.path, file.look)).toEqual({ kind: 'changed' })
})

test('one that is written over while it is read, and as long as before, has changed', async () => {
  await using file = await take()
  meddle.underWay = async () => {
    await writeFile(file.path, 'cut!')
    await utimes(file.path, 1, 1)
  }
  expect(await inspectFile(file.path, file.look)).toEqual({ kind: 'changed' })
})

test('one that cannot be read says why, unless it has changed as well', async () => {
  await using file = await take()
  meddle.underWay = () => Promise.reject(ioError())
  expect(await inspectFile(file.path, file.look)).toMatchObject({ kind: 'unreadable', error: { code: 'EIO' } })
  meddle.underWay = async () => {
    await appendFile(file.path, ' two')
    throw ioError()
  }
  expect(await inspectFile(file.path, file.look)).toEqual({ kind: 'changed' })
})
