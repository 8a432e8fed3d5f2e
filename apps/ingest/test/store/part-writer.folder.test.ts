import { expect, test } from 'vitest'
import { batchBytes, createPartWriter } from '../../src/store/folder/part-writer.ts'

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

test('a sender that is faster than the disk waits once two batches are in memory', async () => {
  const goOn = Promise.withResolvers<void>()
  const file = memoryFile(async (offered) => {
    await goOn.promise
    return offered
  })
  const writer = createPartWriter(file, 0)
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
  const writer = createPartWriter(file, 1_000)
  const bytes = pattern(2 * batchBytes + 77)
  for (let at = 0; at < bytes.length; at += 60_001) await writer.write(bytes.subarray(at, at + 60_001))
  await writer.sync()
  expect(file.bytes.subarray(1_000, 1_000 + bytes.length).equals(bytes)).toBe(true)
  expect(file.calls).toEqual(['datasync'])
})

test('a write that fails is told by the sync, which then syncs nothing, and the file is closed once', async () => {
  const file = memoryFile(() => Promise.reject(new Error('EIO')))
  const writer = createPartWriter(file, 0)
  await writer.write(Buffer.alloc(batchBytes))
  await expect(writer.sync()).rejects.toThrow('EIO')
  await writer.close()
  await writer.close()
  expect(file.calls).toEqual(['close'])
})
