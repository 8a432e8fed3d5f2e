import { constants } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshSeed, seededRandom } from '@rushes/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { openDirect } from '../../src/store/folder/open-direct.ts'
import {
  batchBytesOf,
  budgetBytes,
  createPartWriters,
  maxBatchBytes,
  minDirectBytes,
  type PartWriter,
  syncAheadBytes,
} from '../../src/store/folder/part-writer.ts'
import { createPieces, pieceBytes } from '../../src/store/folder/pieces.ts'

type Write = { by: 'cached' | 'direct'; chunks: readonly Uint8Array[]; position: number; byteCount: number }
type Decide = (write: Write) => number | Promise<number>

/** A file in memory of which a test decides how much, and when, each call writes. */
function memoryFile(decide: Decide = ({ byteCount }) => byteCount) {
  const bytes = Buffer.alloc(8 * maxBatchBytes)
  const writes: Write[] = []
  const calls: string[] = []
  const handle = (by: Write['by']) => ({
    async writev(chunks: readonly Uint8Array[], position: number) {
      const all = Buffer.concat(chunks)
      const write = { by, chunks, position, byteCount: all.length }
      writes.push(write)
      const bytesWritten = await decide(write)
      all.copy(bytes, position, 0, bytesWritten)
      return { bytesWritten }
    },
    datasync: async (): Promise<void> => void calls.push('datasync'),
    close: async () => void calls.push(`close ${by}`),
  })
  return { bytes, writes, calls, cached: handle('cached'), direct: handle('direct') }
}
type MemoryFile = ReturnType<typeof memoryFile>

const openers = (file: MemoryFile, has: { direct: boolean }) => {
  const pieces = createPieces()
  const openWriter = createPartWriters(async () => (has.direct ? file.direct : null), pieces)
  return { pieces, open: (startBytes: number) => openWriter(file.cached, startBytes) }
}
/** Of one that is alone. */
const openWriter = (file: MemoryFile, startBytes: number, has = { direct: true }) => openers(file, has).open(startBytes)

/** No two places of a block or a piece look the same. */
const unit = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * i) >> 3))
const pattern = (length: number) => Buffer.alloc(length, unit)
const fill = async (writer: PartWriter, byteCount: number) => {
  for (let at = 0; at < byteCount; at += maxBatchBytes)
    await writer.write(Buffer.alloc(Math.min(maxBatchBytes, byteCount - at)))
}

test('however many parts are written at once, what they hold in memory stays within the budget', () => {
  expect([1, 4].map(batchBytesOf)).toEqual([maxBatchBytes, maxBatchBytes])
  for (let count = 1; count <= 256; count++) {
    expect(2 * count * batchBytesOf(count)).toBeLessThanOrEqual(budgetBytes)
    expect(batchBytesOf(count)).toBeGreaterThanOrEqual(batchBytesOf(count + 1))
  }
  expect(batchBytesOf(10_000)).toBe(pieceBytes)
})

test('wherever a part begins and ends, and however it is cut, whole blocks go past the page cache and its bytes are right', async () => {
  const seed = freshSeed()
  const random = seededRandom(seed)
  for (let round = 0; round < 12; round++) {
    const file = memoryFile()
    const startBytes = random.integer(0, 3 * pieceBytes)
    const bytes = pattern(random.integer(minDirectBytes + 2 * pieceBytes, 2.5 * maxBatchBytes))
    const writer = openWriter(file, startBytes)
    for (let at = 0; at < bytes.length; ) {
      const chunk = Buffer.from(bytes.subarray(at, at + random.integer(1, 3 * pieceBytes)))
      await writer.write(chunk)
      at += chunk.length
      chunk.fill(0xee) // whoever gave it may use it again
    }
    await writer.sync()
    await writer.close()
    const label = `seed ${seed}, round ${round}`
    const written = file.bytes.subarray(startBytes, startBytes + bytes.length)
    expect(written.equals(bytes), label).toBe(true)
    const direct = file.writes.filter(({ by }) => by === 'direct')
    expect(direct.length, label).toBeGreaterThan(0)
    for (const { position, chunks } of direct) {
      expect(position % pieceBytes, label).toBe(0)
      for (const { byteOffset, byteLength } of chunks)
        expect([byteOffset % 4096, byteLength % pieceBytes]).toEqual([0, 0])
    }
    expect(file.calls).toEqual(['datasync', 'close direct', 'close cached'])
  }
})

test('what is small is left to the page cache: a short part, and one of very many', async () => {
  const short = memoryFile()
  const writer = openWriter(short, 0)
  await fill(writer, minDirectBytes - 1)
  await writer.sync()
  expect(short.writes.map(({ by }) => by)).toEqual(['cached'])

  const one = memoryFile()
  const { open } = openers(one, { direct: true })
  const many = Array.from({ length: 200 }, () => open(0))
  for (let at = 0; at < maxBatchBytes; at += pieceBytes) await many[0]?.write(Buffer.alloc(pieceBytes))
  await many[0]?.sync()
  expect(new Set(one.writes.map(({ by }) => by))).toEqual(new Set(['cached']))
  for (const each of many) await each.close()
})

test('a file system that opens a file so and then takes no such write gets the bytes through the page cache', async () => {
  const file = memoryFile(({ by, byteCount }) => {
    if (by === 'direct') throw Object.assign(new Error('EINVAL'), { code: 'EINVAL' })
    return byteCount
  })
  const bytes = pattern(3 * maxBatchBytes + 5)
  const writer = openWriter(file, 0)
  for (let at = 0; at < bytes.length; at += pieceBytes) await writer.write(bytes.subarray(at, at + pieceBytes))
  await writer.sync()
  await writer.close()
  expect(file.bytes.subarray(0, bytes.length).equals(bytes)).toBe(true)
  // One more may have been on its way when the first was refused.
  expect(file.writes.filter(({ by }) => by === 'direct').length).toBe(1)
})

test('on a disk the bytes of parts that meet in one block are those that were sent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-part-writer-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, 'clip.data')
  const bytes = pattern(3 * maxBatchBytes + 12_345)
  const cut = maxBatchBytes + 333
  const openWriter = createPartWriters(openDirect)
  const send = async (from: number, to: number) => {
    const writer = openWriter(await open(path, constants.O_WRONLY | constants.O_CREAT, 0o644), from)
    for (let at = from; at < to; at += 50_000) await writer.write(bytes.subarray(at, Math.min(to, at + 50_000)))
    await writer.sync()
    await writer.close()
  }
  await Promise.all([send(cut, bytes.length), send(0, cut)])
  expect((await readFile(path)).equals(bytes)).toBe(true)
})

test('memory is used again after parts that went well, that failed, and that were given up', async () => {
  let isFull = false
  const file = memoryFile(({ byteCount }) => {
    if (isFull) throw new Error('ENOSPC')
    return byteCount
  })
  const { pieces, open } = openers(file, { direct: true })
  const [first, second] = [pieces.take(), pieces.take()]
  for (const piece of [second, first]) pieces.giveBack(piece)

  const well = open(100)
  await fill(well, 2 * maxBatchBytes)
  await well.sync()
  await well.close()
  const givenUp = open(100)
  await fill(givenUp, maxBatchBytes + 1)
  await givenUp.close()
  isFull = true
  const failed = open(100)
  await fill(failed, maxBatchBytes + 1)
  await expect(failed.sync()).rejects.toThrow('ENOSPC')
  await failed.close()

  const all = Array.from({ length: budgetBytes / pieceBytes }, () => pieces.take())
  expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(1)
  expect(new Set(all.map(({ byteOffset }) => byteOffset)).size).toBe(all.length)
})

/** A file without direct writes whose syncs ahead of the end wait for the test. */
function syncedFile(outcome: () => Promise<void>) {
  const syncs: Promise<void>[] = []
  const file = memoryFile()
  file.cached.datasync = () => {
    const sync = outcome()
    syncs.push(sync)
    return sync
  }
  return { file, syncs }
}
const cachedOnly = { direct: false }
/** Until no write is under way. */
const written = () => new Promise((resolve) => setImmediate(resolve))

test('the disk begins on a long part in the page cache before its end, one sync at a time, and all is synced at the end', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { file, syncs } = syncedFile(() => promise)
  const writer = openWriter(file, 1_000, cachedOnly)
  await fill(writer, syncAheadBytes)
  await written()
  expect(syncs).toHaveLength(0)
  await fill(writer, 2 * syncAheadBytes)
  await written()
  expect(syncs).toHaveLength(1)
  resolve()
  await promise
  await fill(writer, maxBatchBytes)
  await written()
  expect(syncs).toHaveLength(2)
  await writer.sync()
  expect(syncs).toHaveLength(3)
  await writer.close()
})

test('a part of which a sync ahead of the end failed is not durable, though the last sync says nothing', async () => {
  let count = 0
  const { file } = syncedFile(async () => {
    count += 1
    if (count === 1) throw new Error('EIO')
  })
  const writer = openWriter(file, 0, cachedOnly)
  await fill(writer, 3 * syncAheadBytes)
  await expect(writer.sync()).rejects.toThrow('EIO')
  await writer.close()
})

test('of many long parts few are synced ahead of their end, so that threads are left for the others', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { file, syncs } = syncedFile(() => promise)
  const { open } = openers(file, cachedOnly)
  const writers = Array.from({ length: 12 }, () => open(0))
  for (const writer of writers) await fill(writer, 2 * syncAheadBytes)
  await written()
  expect(syncs).toHaveLength(4)
  resolve()
  for (const writer of writers) await writer.close()
})

test('a writer that was closed leaves its share to the others', async () => {
  const file = memoryFile()
  const { open } = openers(file, { direct: true })
  const others = Array.from({ length: 63 }, () => open(0))
  const writer = open(0)
  await writer.write(Buffer.alloc(4 * pieceBytes))
  for (const other of others) await other.close()
  for (const other of others) await other.close()
  await fill(writer, maxBatchBytes)
  await writer.sync()
  expect(file.writes.map(({ byteCount }) => byteCount)).toEqual([4 * pieceBytes, maxBatchBytes])
})

test('a sender that is faster than the disk waits once two batches are in memory', async () => {
  const goOn = Promise.withResolvers<void>()
  const file = memoryFile(async ({ byteCount }) => {
    await goOn.promise
    return byteCount
  })
  const writer = openWriter(file, 0)
  const chunk = Buffer.alloc(maxBatchBytes / 4)
  let taken = 0
  const sending = (async () => {
    for (let i = 0; i < 16; i++) {
      await writer.write(chunk)
      taken += 1
    }
  })()
  await written()
  expect(taken).toBeLessThanOrEqual(8)
  goOn.resolve()
  await sending
  await writer.sync()
  expect(taken).toBe(16)
})

test('a system that writes less than it was given is asked again for the rest, whatever the cuts', async () => {
  let n = 0
  const file = memoryFile(({ byteCount }) => Math.min(byteCount, 1 + ((n++ * 7_919) % 500_000)))
  const writer = openWriter(file, 1_000)
  const bytes = pattern(2 * maxBatchBytes + 77)
  for (let at = 0; at < bytes.length; at += 60_001) await writer.write(bytes.subarray(at, at + 60_001))
  await writer.sync()
  expect(file.bytes.subarray(1_000, 1_000 + bytes.length).equals(bytes)).toBe(true)
  expect(file.calls).toEqual(['datasync'])
})

test.each(['cached', 'direct'] as const)(
  'a %s write that fails is told by the sync, which then syncs nothing, and the file is closed once',
  async (failing) => {
    const file = memoryFile(({ by, byteCount }) => {
      if (by === failing) throw new Error('EIO')
      return byteCount
    })
    const writer = openWriter(file, 1_000)
    await fill(writer, maxBatchBytes)
    await expect(writer.sync()).rejects.toThrow('EIO')
    await writer.close()
    await writer.close()
    expect(file.calls.filter((call) => call !== 'close direct')).toEqual(['close cached'])
  },
)
