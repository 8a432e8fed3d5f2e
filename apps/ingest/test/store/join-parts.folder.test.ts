import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AssemblingAsset } from '@rushes/fleet'
import { expect, onTestFinished, test } from 'vitest'
import { createGathering, type Gathering } from '../../src/store/folder/gathering.ts'
import { haveMoved } from '../../src/store/folder/join-parts.ts'
import {
  apartName,
  dataName,
  gatheringFolder,
  joinedName,
  joiningName,
  uploadKeyOf,
} from '../../src/store/folder/layout.ts'
import { createNameNumbers } from '../../src/store/folder/name-numbers.ts'
import { publishFile } from '../../src/store/folder/publish.ts'
import { createFolderSync, type FolderSync } from '../../src/store/folder/sync-folder.ts'
import { type Bytes, someBytes, visibleFiles, xxh64Of } from '../support/clips.ts'

const headBytes = 3_000_077
const partBytes = 3_000_000

/** A clip whose parts 2 and 3 lie where they belonged while part 1 was registered with less, and whose part 1 lies apart. */
async function prepare() {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-joined-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await mkdir(join(dir, gatheringFolder))
  const folders = createFolderSync(dir)
  const gathering = createGathering(dir, folders)
  const bytes = someBytes(headBytes + 2 * partBytes, 5)
  const head = bytes.subarray(0, headBytes)
  const id = crypto.randomUUID()
  const asset: AssemblingAsset = {
    id,
    deviceId: crypto.randomUUID(),
    project: { id: crypto.randomUUID(), name: 'Harbour Nights' },
    name: 'clip.mov',
    filetype: 'video/quicktime',
    folder: 'day',
    storeKey: uploadKeyOf(id),
    sizeBytes: bytes.length,
    lastPartAt: new Date(),
    parts: [
      { number: 1, sizeBytes: headBytes, offsetBytes: 0, liesAtBytes: null, apartXxh64: xxh64Of(head) },
      { number: 2, sizeBytes: partBytes, offsetBytes: headBytes, liesAtBytes: partBytes, apartXxh64: null },
      {
        number: 3,
        sizeBytes: partBytes,
        offsetBytes: headBytes + partBytes,
        liesAtBytes: 2 * partBytes,
        apartXxh64: null,
      },
    ],
  }
  await writeApart(gathering, asset.id, 1, head)
  await writeInPlace(gathering, asset.id, partBytes, bytes.subarray(headBytes))
  const publish = (through: FolderSync = folders) =>
    publishFile({ root: dir, folders: through, numbers: createNameNumbers() }, asset, async () => true)
  return { dir, folders, asset, bytes, publish, apart: join(dir, gatheringFolder, apartName(asset.id)) }
}

async function writeApart(gathering: Gathering, assetId: string, number: number, bytes: Bytes): Promise<void> {
  const writer = await gathering.writeApart(assetId)
  await writer.write(bytes)
  await writer.sync()
  await writer.keepAs(number, xxh64Of(bytes))
}

async function writeInPlace(gathering: Gathering, assetId: string, at: number, bytes: Bytes): Promise<void> {
  const writer = await gathering.writeInPlace(assetId, at)
  await writer.write(bytes)
  await writer.sync()
  await writer.close()
}

test('however often putting parts together breaks off, and wherever, what is to be seen is the whole clip or nothing, and it ends whole', async () => {
  const { dir, folders, asset, bytes, publish } = await prepare()
  expect(haveMoved(asset)).toBe(true)
  let stepsLeft = 0
  const step = async (work: () => Promise<void>) => {
    if (stepsLeft-- === 0) throw new Error('the power goes')
    return work()
  }
  const breaking: FolderSync = {
    sync: (path) => step(() => folders.sync(path)),
    make: (path) => step(() => folders.make(path)),
    makeOne: (path) => step(() => folders.makeOne(path)),
  }
  let breaks = 0
  for (let steps = 0; ; steps++) {
    stepsLeft = steps
    const outcome = await publish(breaking).catch(() => null)
    const [seen, ...more] = await visibleFiles(dir)
    expect(more).toEqual([])
    if (seen !== undefined) expect((await readFile(join(dir, seen))).equals(bytes)).toBe(true)
    if (outcome?.kind === 'published') break
    breaks += 1
  }
  expect(breaks).toBe(4)
})

test('a crash in the middle of it leaves nothing that counts, nor does what it left become the clip', async () => {
  const { dir, bytes, publish, apart } = await prepare()
  await writeFile(join(apart, joiningName), someBytes(bytes.length, 6))
  const outcome = await publish()
  if (outcome.kind !== 'published') throw new Error(outcome.detail)
  expect((await readFile(join(dir, outcome.key))).equals(bytes)).toBe(true)
  await expect(stat(join(apart, joiningName))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('done again after the clip stands in the tree it is the same file', async () => {
  const { dir, publish, apart } = await prepare()
  const first = await publish()
  if (first.kind !== 'published') throw new Error(first.detail)
  expect(await publish()).toEqual(first)
  const { key } = first
  expect((await stat(join(dir, key))).ino).toBe((await stat(join(apart, joinedName))).ino)
  expect(await visibleFiles(dir)).toEqual([key])
})

test('a clip of which acknowledged bytes are gone is not put together, and takes no room', async () => {
  const { dir, asset, publish, apart } = await prepare()
  await truncate(join(dir, gatheringFolder, dataName(asset.id)), 2 * partBytes + 1)
  expect(await publish()).toMatchObject({ kind: 'bytesLost', detail: expect.stringContaining('part 3') })
  expect(await visibleFiles(dir)).toEqual([])
  await expect(stat(join(apart, joiningName))).rejects.toMatchObject({ code: 'ENOENT' })
  await rm(join(dir, gatheringFolder, dataName(asset.id)))
  expect(await publish()).toMatchObject({ kind: 'bytesLost', detail: expect.stringContaining('part 2') })
  await rm(apart, { recursive: true })
  expect(await publish()).toMatchObject({ kind: 'bytesLost', detail: expect.stringContaining('part 1') })
})
