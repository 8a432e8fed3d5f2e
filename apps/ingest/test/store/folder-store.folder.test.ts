import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createIngestPartUrls } from '../../src/parts/ingest-part-urls.ts'
import { createPartSigner } from '../../src/parts/part-signer.ts'
import { type FolderStore, openFolderStore } from '../../src/store/folder/folder-store.ts'
import { createNameNumbers } from '../../src/store/folder/name-numbers.ts'
import { publishFile } from '../../src/store/folder/publish.ts'
import { createFolderSync } from '../../src/store/folder/sync-folder.ts'
import { someBytes, xxh64Of } from '../support/clips.ts'
import { assembling, describeObjectStore, type StoreUnderTest } from './conformance.ts'

const signer = createPartSigner(['a-secret-for-tests-only'])

/** What a database would know of stores. */
function register(known: string | null = null) {
  let id = known
  return {
    find: async () => id,
    async know(offered: string) {
      id ??= offered
      return id
    },
  }
}
const ingestPartUrls = createIngestPartUrls({ signer, ingestUrl: 'http://ingest.test' })
const openIn = (dir: string, knows = register()) => openFolderStore({ dir, ingestPartUrls, register: knows })

async function prepare(
  isApart: (number: number) => boolean,
): Promise<StoreUnderTest & { store: FolderStore; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-store-'))
  const store = await openIn(dir)
  return {
    store,
    dir,
    async deliver(asset, number, bytes) {
      const part = asset.parts.find((candidate) => candidate.number === number)
      if (part === undefined) throw new Error('no such part')
      if (isApart(number) || part.liesAtBytes === null) {
        const writer = await store.gathering.writeApart(asset.id)
        await writer.write(bytes)
        await writer.sync()
        part.apartXxh64 = xxh64Of(bytes)
        part.liesAtBytes = null
        await writer.keepAs(number, part.apartXxh64)
        return
      }
      const writer = await store.gathering.writeInPlace(asset.id, part.liesAtBytes)
      await writer.write(bytes)
      await writer.sync()
      await writer.close()
    },
    async dispose() {
      store.keeper.release()
      await rm(dir, { recursive: true })
    },
  }
}

describeObjectStore('a folder, parts in place', () => prepare(() => false))
describeObjectStore('a folder, parts apart', () => prepare(() => true))
describeObjectStore('a folder, some of either', () => prepare((number) => number % 2 === 0))

test('bytes that lie apart count before those in place', async () => {
  const under = await prepare(() => true)
  const { asset, bytes, piece } = assembling(under.store, { numbers: [1] })
  const stale = await under.store.gathering.writeInPlace(asset.id, 0)
  await stale.write(someBytes(bytes.length + 50, 99))
  await stale.sync()
  await stale.close()
  await under.deliver(asset, 1, piece(1))
  const outcome = await under.store.publish(asset, async () => true)
  if (outcome.kind !== 'published') throw new Error(outcome.detail)
  expect(bytes.equals(await readFile(join(under.dir, outcome.key)))).toBe(true)
  await under.dispose()
})

test('a name that another clip has reserved is passed over', async () => {
  const under = await prepare(() => false)
  const { asset, piece } = assembling(under.store, { numbers: [1] })
  await under.deliver(asset, 1, piece(1))
  const asked: string[] = []
  const outcome = await under.store.publish(asset, async (key) => {
    asked.push(key)
    return asked.length === 3
  })
  expect(outcome).toMatchObject({ kind: 'published', key: expect.stringMatching(/clip \(3\)\.mp4$/) })
  await under.dispose()
})

test('of many clips of one name each tries the name and the next number, however many there were before', async () => {
  const under = await prepare(() => false)
  const taken = new Set<string>()
  const asked: string[] = []
  const reserve = async (key: string) => {
    asked.push(key)
    return taken.size !== taken.add(key).size
  }
  for (let nth = 1; nth <= 50; nth++) {
    const { asset, piece } = assembling(under.store, { numbers: [1] })
    await under.deliver(asset, 1, piece(1))
    asset.project = { id: 'p', name: 'Harbour Nights' }
    const outcome = await under.store.publish(asset, reserve)
    expect(outcome).toMatchObject({ key: expect.stringMatching(nth === 1 ? /clip\.mp4$/ : new RegExp(`\\(${nth}\\)`)) })
  }
  expect(asked).toHaveLength(1 + 2 * 49)
  await under.dispose()
})

test('bytes are in the file before they count as synced, however they are cut', async () => {
  const under = await prepare(() => false)
  const { asset, bytes } = assembling(under.store, { numbers: [1], lastBytes: 1_000_003 })
  const writer = await under.store.gathering.writeInPlace(asset.id, 0)
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + ((at * 7_919) % 70_000)
    await writer.write(bytes.subarray(at, at + length))
    at += length
  }
  await writer.sync()
  expect(bytes.equals(await readFile(join(under.dir, asset.storeKey)))).toBe(true)
  await writer.close()
  await under.dispose()
})

describe('removing a clip', () => {
  /** All of one project, hence in one folder. */
  const project = { id: crypto.randomUUID(), name: 'Harbour Nights' }
  const publishOne = async (under: Awaited<ReturnType<typeof prepare>>, name: string) => {
    const { asset, piece, bytes } = assembling(under.store, { numbers: [1], name })
    asset.project = project
    await under.deliver(asset, 1, piece(1))
    const outcome = await under.store.publish(asset, async () => true)
    if (outcome.kind !== 'published') throw new Error(outcome.detail)
    await under.store.discard(asset.id)
    return { key: outcome.key, bytes }
  }
  const isThere = (under: { dir: string }, ...path: string[]) => existsSync(join(under.dir, ...path))

  test('takes along the folders of its day that are empty without it, and no other', async () => {
    const under = await prepare(() => false)
    const [one, two] = [await publishOne(under, 'one.mp4'), await publishOne(under, 'two.mp4')]
    const [top = '', cloud = '', day = '', kind = '', device = ''] = one.key.split(sep)
    await under.store.remove(one.key)
    expect(await readFile(join(under.dir, two.key))).toEqual(two.bytes)
    await writeFile(join(under.dir, top, cloud, day, 'notes.txt'), 'of a person')
    await under.store.remove(two.key)
    expect(isThere(under, top, cloud, day, kind)).toBe(false)
    expect(await readFile(join(under.dir, top, cloud, day, 'notes.txt'), 'utf8')).toBe('of a person')
    await rm(join(under.dir, top, cloud, day, 'notes.txt'))
    // Done again, as after a crash between file and folders.
    await mkdir(join(under.dir, top, cloud, day, kind, device), { recursive: true })
    await under.store.remove(two.key)
    expect([isThere(under, top, cloud), isThere(under, top)]).toEqual([false, true])
    await under.dispose()
  })

  test('whose empty folder goes at the very moment when another is published into it does not harm that one', async () => {
    const under = await prepare(() => false)
    const { key } = await publishOne(under, 'first.mp4')
    const { asset, piece, bytes } = assembling(under.store, { numbers: [1], name: 'second.mp4' })
    asset.project = project
    await under.deliver(asset, 1, piece(1))
    const folders = createFolderSync(under.dir)
    let madeCount = 0
    const make = async (path: string) => {
      await folders.make(path)
      madeCount += 1
      if (madeCount === 1) await under.store.remove(key)
    }
    const outcome = await publishFile(
      { root: under.dir, folders: { ...folders, make }, numbers: createNameNumbers() },
      asset,
      async () => true,
    )
    if (outcome.kind !== 'published') throw new Error(outcome.detail)
    expect(await readFile(join(under.dir, outcome.key))).toEqual(bytes)
    expect([isThere(under, key), madeCount]).toEqual([false, 2])
    await under.dispose()
  })
})

test('a key that leads out of the store is refused', async () => {
  const under = await prepare(() => false)
  await expect(async () => under.store.open('../../etc/passwd')).rejects.toThrow('out of the store')
  await under.dispose()
})

test('a folder where a clip would be is no clip', async () => {
  const under = await prepare(() => false)
  await mkdir(join(under.dir, 'folder'))
  expect(await under.store.open('folder')).toBeNull()
  await under.dispose()
})

describe('opening a folder', () => {
  test.each([
    ['that is a file', (dir: string) => writeFile(join(dir, 'store'), '')],
    ['that leads nowhere', (dir: string) => symlink('/nowhere/at/all', join(dir, 'store'))],
  ])('%s stops the start with its code and a hint', async (_what, spoil) => {
    const dir = await mkdtemp(join(tmpdir(), 'rushes-store-'))
    await spoil(dir)
    await expect(openIn(join(dir, 'store'))).rejects.toMatchObject({
      code: 'storeUnusable',
      hint: expect.stringContaining('writable'),
    })
    await rm(dir, { recursive: true })
  })

  test('that is not there makes it, and leaves no trace of the probe', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rushes-store-'))
    const store = await openIn(join(dir, 'a', 'b'))
    expect(await store.gathering.list()).toEqual([])
    await store.check()
    await chmod(join(dir, 'a', 'b'), 0o700)
    await rm(dir, { recursive: true })
  })
})
