import type { AssemblingAsset } from '@rushes/fleet'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../src/store/port.ts'
import { type Bytes, someBytes } from '../support/clips.ts'

/** What a store's adapter brings along to be put through the suite. */
export type StoreUnderTest = {
  store: ObjectStore
  /** Brings the bytes of a part to where the store gathers them, as a device or the part route would. */
  deliver(asset: AssemblingAsset, number: number, bytes: Bytes): Promise<void>
  dispose(): Promise<void>
}

export const partBytes = 5 * 1024 * 1024

/** A clip about to be assembled, of parts of 5 MiB and a last one of `lastBytes`, under the given numbers. */
export function assembling(store: ObjectStore, change: { numbers?: number[]; lastBytes?: number; name?: string } = {}) {
  const numbers = change.numbers ?? [1, 2]
  const sizes = numbers.map((_, i) => (i === numbers.length - 1 ? (change.lastBytes ?? 1_000) : partBytes))
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0)
  const id = crypto.randomUUID()
  const asset: AssemblingAsset = {
    id,
    deviceId: crypto.randomUUID(),
    project: { id: crypto.randomUUID(), name: 'Harbour Nights' },
    name: change.name ?? 'clip.mp4',
    filetype: 'video/mp4',
    folder: 'Cloud Devices/2026_11_22/VIDEO/A-Cam',
    storeKey: store.uploadKey(id),
    sizeBytes,
    lastPartAt: new Date(),
    parts: numbers.map((number, i) => {
      const offsetBytes = sizes.slice(0, i).reduce((sum, size) => sum + size, 0)
      return { number, sizeBytes: sizes[i] ?? 0, offsetBytes, liesAtBytes: offsetBytes, apartXxh64: null }
    }),
  }
  const bytes = someBytes(sizeBytes, numbers.length)
  const piece = (number: number): Bytes => {
    const part = asset.parts.find((candidate) => candidate.number === number)
    if (part === undefined) throw new Error('no such part')
    return bytes.subarray(part.offsetBytes, part.offsetBytes + part.sizeBytes)
  }
  return { asset, bytes, piece }
}

/** Every adapter of the store port has to pass this. */
export function describeObjectStore(name: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(`the object store port, on ${name}`, () => {
    let under: StoreUnderTest
    beforeEach(async () => {
      under = await prepare()
    })
    afterEach(() => under.dispose())

    const always = async () => true
    const readAll = async (key: string, start = 0, end = Number.MAX_SAFE_INTEGER) => {
      const object = await under.store.open(key)
      if (object === null) throw new Error('no such object')
      const chunks: Uint8Array[] = []
      for await (const chunk of object.read(start, Math.min(end, object.sizeBytes))) chunks.push(chunk)
      await object.close()
      return Buffer.concat(chunks)
    }
    const deliverAll = async (
      clip: ReturnType<typeof assembling>,
      order = clip.asset.parts.map((part) => part.number),
    ) => {
      for (const number of order) await under.deliver(clip.asset, number, clip.piece(number))
    }
    const publish = async (
      clip: ReturnType<typeof assembling>,
      reserve: (key: string) => Promise<boolean> = always,
    ) => {
      const outcome = await under.store.publish(clip.asset, reserve)
      if (outcome.kind !== 'published') throw new Error(outcome.detail)
      return outcome.key
    }

    test.each([
      ['in order', [1, 2, 3], [1, 2, 3]],
      ['backwards', [1, 2, 3], [3, 2, 1]],
      ['with skipped numbers', [2, 7, 10_000], [7, 10_000, 2]],
      ['one alone', [1], [1]],
    ])('makes one object of parts that came %s', async (_what, numbers, order) => {
      const clip = assembling(under.store, { numbers })
      await deliverAll(clip, order)
      const key = await publish(clip)
      expect(clip.bytes.equals(await readAll(key))).toBe(true)
      const object = await under.store.open(key)
      expect(object?.sizeBytes).toBe(clip.bytes.length)
      await object?.close()
    })

    test('makes one object of parts that lie behind their places, or before, because a lower part is longer now, or shorter', async () => {
      for (const shiftBytes of [-77, 77]) {
        const clip = assembling(under.store, { numbers: [1, 2, 3, 4] })
        const [first, ...later] = clip.asset.parts
        if (first === undefined) throw new Error('it has a first part')
        // What came again, with another size, is not where it was.
        first.liesAtBytes = null
        for (const part of later) part.liesAtBytes = part.offsetBytes + shiftBytes
        await deliverAll(clip, [3, 2, 4, 1])
        const key = await publish(clip)
        expect(clip.bytes.equals(await readAll(key))).toBe(true)
        expect(await publish(clip)).toBe(key)
        await under.store.discard(clip.asset.id)
        expect(clip.bytes.equals(await readAll(key))).toBe(true)
      }
    })

    test('reads any stretch of an object, and what lies beyond its end not at all', async () => {
      const clip = assembling(under.store)
      await deliverAll(clip)
      const key = await publish(clip)
      expect(
        clip.bytes.subarray(partBytes - 3, partBytes + 5).equals(await readAll(key, partBytes - 3, partBytes + 5)),
      ).toBe(true)
      const object = await under.store.open(key)
      const beyond = []
      for await (const chunk of object?.read(clip.bytes.length, clip.bytes.length + 10) ?? []) beyond.push(chunk)
      await object?.close()
      expect(beyond).toEqual([])
    })

    test('publishing again after a crash gives the same object under the same key', async () => {
      const clip = assembling(under.store)
      await deliverAll(clip)
      const key = await publish(clip)
      expect(await publish(clip)).toBe(key)
      const knowing = { ...clip, asset: { ...clip.asset, storeKey: key } }
      expect(await publish(knowing)).toBe(key)
      expect(clip.bytes.equals(await readAll(key))).toBe(true)
    })

    test('two clips of one name stand side by side', async () => {
      const project = { id: crypto.randomUUID(), name: 'Same' }
      const clips = [assembling(under.store), assembling(under.store)].map((clip) => ({
        ...clip,
        asset: { ...clip.asset, project },
      }))
      const keys = []
      for (const clip of clips) {
        await deliverAll(clip)
        keys.push(await publish(clip))
      }
      expect(new Set(keys).size).toBe(2)
      for (const [i, key] of keys.entries()) expect(clips[i]?.bytes.equals(await readAll(key))).toBe(true)
    })

    test('what was gathered can be thrown away, before and after, and a published object stays', async () => {
      const clip = assembling(under.store)
      await deliverAll(clip)
      const key = await publish(clip)
      await under.store.discard(clip.asset.id)
      await under.store.discard(clip.asset.id)
      expect(clip.bytes.equals(await readAll(key))).toBe(true)
      const dropped = assembling(under.store)
      await deliverAll(dropped)
      await under.store.discard(dropped.asset.id)
      expect((await under.store.publish(dropped.asset, always)).kind).toBe('bytesLost')
    })

    test('a clip of which a part is gone is never published', async () => {
      const clip = assembling(under.store)
      await under.deliver(clip.asset, 1, clip.piece(1))
      expect((await under.store.publish(clip.asset, always)).kind).toBe('bytesLost')
    })

    test('an object that is removed is gone, as often as it is asked for, and its neighbour stays', async () => {
      const [clip, neighbour] = [assembling(under.store), assembling(under.store)]
      const keys = []
      for (const each of [clip, neighbour]) {
        await deliverAll(each)
        keys.push(await publish(each))
        await under.store.discard(each.asset.id)
      }
      const [key = '', kept = ''] = keys
      for (let i = 0; i < 2; i++) await under.store.remove(key)
      expect(await under.store.open(key)).toBeNull()
      await under.store.remove('no/such/object')
      expect(neighbour.bytes.equals(await readAll(kept))).toBe(true)
    })

    test('an object that is not there is none', async () => {
      expect(await under.store.open('no/such/object')).toBeNull()
    })

    test('keeps something small beside a clip, the newest of it, until it is removed', async () => {
      const [assetId, other] = [crypto.randomUUID(), crypto.randomUUID()]
      const key = under.store.derivedKey(assetId, 'poster')
      expect(under.store.derivedKey(other, 'poster')).not.toBe(key)
      expect(await under.store.open(key)).toBeNull()
      for (const bytes of [someBytes(70_000), someBytes(10, 2)]) {
        await under.store.putDerived(key, bytes)
        expect(bytes.equals(await readAll(key))).toBe(true)
      }
      await under.store.discard(assetId)
      expect(await readAll(key)).toHaveLength(10)
      await under.store.remove(key)
      expect(await under.store.open(key)).toBeNull()
    })

    test('tells that it can be used, and how much room there is if it knows', async () => {
      await under.store.check()
      expect(await under.store.freeBytes()).toSatisfy((bytes) => bytes === null || bytes > 0)
    })
  })
}
