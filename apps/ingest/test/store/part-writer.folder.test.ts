import { expect, test } from 'vitest'
import {
  maxBatchBytes as batchBytes,
  batchBytesOf,
  budgetBytes,
  createPartWriters,
  syncAheadBytes,
} from '../../src/store/folder/part-writer.ts'

/** A file in memory of which a test decides how much, and when, each call writes. */
function memoryFile(howMuch: (offered: number) => number | Promise<number>) {
  const bytes = Buffer.alloc(4 * batchBytes)
  const calls: string[] = []
  return {
    bytes,
    calls,
    async writev(chunks: readonly Uint8Array[], position: number) {
      const all = Buffer.concat(chunks)
      const bytesWritten = await howMuch(all.length)
      all.copy(bytes, position, 0, bytesWritten)
      return { bytesWritten }
    },
    datasync: async () => void calls.push('datasync'),
    close: async () => void calls.push('close'),
  }
}

const pattern = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 31) & 0xff))

/** Of one that is alone. */
const openWriter = (...args: Parameters<ReturnType<typeof createPartWriters>>) => createPartWriters()(...args)

test('however many parts are written at once, what they hold in memory stays within the budget', () => {
  expect([1, 16].map(batchBytesOf)).toEqual([batchBytes, batchBytes])
  for (let count = 1; count <= 256; count++) {
    expect(2 * count * batchBytesOf(count)).toBeLessThanOrEqual(budgetBytes)
    expect(batchBytesOf(count)).toBeGreaterThanOrEqual(batchBytesOf(count + 1))
  }
  expect(batchBytesOf(10_000)).toBe(64 * 1024)
})

/** A file whose syncs ahead of the end wait for the test. */
function syncedFile(outcome: () => Promise<void>) {
  const syncs: Promise<void>[] = []
  const file = {
    writev: async (chunks: readonly Uint8Array[]) => ({
      bytesWritten: chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
    }),
    datasync: () => {
      const sync = outcome()
      syncs.push(sync)
      return sync
    },
    close: async () => undefined,
  }
  return { file, syncs }
}
const fill = async (writer: ReturnType<typeof openWriter>, byteCount: number) => {
  for (let at = 0; at < byteCount; at += batchBytes) await writer.write(Buffer.alloc(batchBytes))
}

test('the disk begins on a long part before its end, one sync at a time, and everything is synced at the end', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { file, syncs } = syncedFile(() => promise)
  const writer = openWriter(file, 1_000)
  await fill(writer, syncAheadBytes)
  expect(syncs).toHaveLength(0)
  await fill(writer, 3 * syncAheadBytes)
  expect(syncs).toHaveLength(1)
  resolve()
  await promise
  await fill(writer, syncAheadBytes)
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
  const writer = openWriter(file, 0)
  await fill(writer, 3 * syncAheadBytes)
  await expect(writer.sync()).rejects.toThrow('EIO')
  await writer.close()
})

test('of many long parts few are synced ahead of their end, so that threads are left for the others', async () => {
  const open = createPartWriters()
  const { promise, resolve } = Promise.withResolvers<void>()
  const { file, syncs } = syncedFile(() => promise)
  const writers = Array.from({ length: 12 }, () => open(file, 0))
  for (const writer of writers) await fill(writer, 2 * syncAheadBytes)
  expect(syncs).toHaveLength(4)
  resolve()
  for (const writer of writers) await writer.close()
})

test('a writer that was closed leaves its share to the others', async () => {
  const open = createPartWriters()
  const writes: number[] = []
  const file = (onWrite: (bytes: number) => void) => ({
    writev: async (chunks: readonly Uint8Array[]) => {
      const bytesWritten = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0)
      onWrite(bytesWritten)
      return { bytesWritten }
    },
    datasync: async () => undefined,
    close: async () => undefined,
  })
  const others = Array.from({ length: 63 }, () =>
    open(
      file(() => undefined),
      0,
    ),
  )
  const writer = open(
    file((bytes) => writes.push(bytes)),
    0,
  )
  const chunk = Buffer.alloc(batchBytes / 2)
  await writer.write(chunk)
  for (const other of others) await other.close()
  for (const other of others) await other.close()
  await writer.write(chunk)
  await writer.write(chunk)
  await writer.sync()
  expect(writes).toEqual([batchBytes / 2, batchBytes])
})

test('a sender that is faster than the disk waits once two batches are in memory', async () => {
  const goOn = Promise.withResolvers<void>()
  const file = memoryFile(async (offered) => {
    await goOn.promise
    return offered
  })
  const writer = openWriter(file, 0)
  const chunk = Buffer.alloc(batchBytes / 4)
  let taken = 0
  const sending = (async () => {
    for (let i = 0; i < 16; i++) {
      await writer.write(chunk)
      taken += 1
    }
  })()
  await new Promise((resolve) => setImmediate(resolve))
  expect(taken).toBeLessThanOrEqual(8)
  goOn.resolve()
  await sending
  await writer.sync()
  expect(taken).toBe(16)
})

test('a system that writes less than it was given is asked again for the rest, whatever the cuts', async () => {
  let n = 0
  const file = memoryFile((offered) => Math.min(offered, 1 + ((n++ * 7_919) % 50_000)))
  const writer = openWriter(file, 1_000)
  const bytes = pattern(2 * batchBytes + 77)
  for (let at = 0; at < bytes.length; at += 60_001) await writer.write(bytes.subarray(at, at + 60_001))
  await writer.sync()
  expect(file.bytes.subarray(1_000, 1_000 + bytes.length).equals(bytes)).toBe(true)
  expect(file.calls).toEqual(['datasync'])
})

test('a write that fails is told by the sync, which then syncs nothing, and the file is closed once', async () => {
  const file = memoryFile(() => Promise.reject(new Error('EIO')))
  const writer = openWriter(file, 0)
  await writer.write(Buffer.alloc(batchBytes))
  await expect(writer.sync()).rejects.toThrow('EIO')
  await writer.close()
  await writer.close()
  expect(file.calls).toEqual(['close'])
})
