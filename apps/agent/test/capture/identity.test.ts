import { link, rename, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { type FileLook, headTailDigestOf, identityOf, statKeyOf } from '../../src/capture/file-identity.ts'
import { digestHeadAndTail, readEnds, readingBeside } from '../../src/capture/head-tail-digest.ts'
import type { MountedVolume } from '../../src/capture/volume-table.ts'
import { hashBytes } from '../../src/xxh64.ts'
import { watchedFolder } from './watched-folder.ts'

const kib64 = 65_536
const disk: MountedVolume = {
  id: 'uuid:disk',
  label: 'disk',
  mountPoint: '/mnt/disk',
  keepsInodes: true,
  tellsOfChanges: true,
}
const card: MountedVolume = {
  id: 'uuid:card',
  label: 'A001',
  mountPoint: '/media/A001',
  keepsInodes: false,
  tellsOfChanges: true,
}
const look: FileLook = { sizeBytes: 10, mtimeNs: 1_700_000_000_123_456_789n, inode: 42n, device: 7n }

describe('a file is the same file', () => {
  const onDisk = identityOf(look, disk, '/mnt/disk/a/1.mov', '00')

  test('on a volume with lasting inodes under any name, and only with the same size, time and digest', () => {
    expect(identityOf(look, disk, '/mnt/disk/b/2.mov', '00').key).toBe(onDisk.key)
    const others = [{ sizeBytes: 11 }, { mtimeNs: look.mtimeNs + 1n }, { inode: 43n }]
    for (const other of others)
      expect(identityOf({ ...look, ...other }, disk, '/mnt/disk/a/1.mov', '00').key).not.toBe(onDisk.key)
    expect(identityOf(look, disk, '/mnt/disk/a/1.mov', '01').key).not.toBe(onDisk.key)
    expect(identityOf(look, { ...disk, id: 'uuid:other' }, '/mnt/disk/a/1.mov', '00').key).not.toBe(onDisk.key)
  })

  test('on a card that makes inodes up by its path there, wherever the card is mounted and whatever inode it shows', () => {
    const onCard = identityOf(look, card, '/media/A001/DCIM/1.mov', '00')
    const elsewhere = identityOf(
      { ...look, inode: 99n, mtimeNs: 5n },
      { ...card, mountPoint: '/mnt' },
      '/mnt/DCIM/1.mov',
      '00',
    )
    expect(elsewhere.key).toBe(onCard.key)
    expect(onCard).toMatchObject({ pathOnVolume: 'DCIM/1.mov', statKey: null, inodeIsStable: false })
    expect(identityOf(look, card, '/media/A001/DCIM/2.mov', '00').key).not.toBe(onCard.key)
    expect(identityOf(look, card, '/media/A001/DCIM/1.mov', '01').key).not.toBe(onCard.key)
  })

  test('never because a separator in a name makes two keys look alike', () => {
    const first = identityOf(look, { ...card, id: 'a:10' }, '/media/A001/x', '00')
    const second = identityOf(look, { ...card, id: 'a' }, '/media/A001/10:x', '00')
    expect(first.key).not.toBe(second.key)
  })

  test('whose key holds the digest of its ends, whatever else is in it', () => {
    const odd = { ...card, id: 'cifs://nas:445/a' }
    for (const { key } of [onDisk, identityOf(look, odd, '/media/A001/DCIM/a:b c.mov', '00')])
      expect(headTailDigestOf(key)).toBe('00')
    expect(headTailDigestOf('what is no key')).toBeNull()
  })

  test('by its stat key without being read, where inodes last', () => {
    expect(onDisk.statKey).toBe(statKeyOf(look, disk))
    expect(statKeyOf(look, card)).toBeNull()
  })
})

describe('the digest of head and tail', () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 3 * kib64 }, (_, index) => (index * 31 + (index >> 8)) % 251))
  const digestOf = (content: Buffer) =>
    digestHeadAndTail(async (offset, length) => content.subarray(offset, offset + length), content.length)

  test.each([1, kib64 - 1, kib64, kib64 + 1, 2 * kib64 - 1, 2 * kib64, 2 * kib64 + 1])(
    'of %i bytes takes each byte of the first and last 64 KiB once, and the size',
    async (length) => {
      const content = bytes.subarray(0, length)
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(length))
      const ends = length <= 2 * kib64 ? [content] : [content.subarray(0, kib64), content.subarray(length - kib64)]
      expect(await digestOf(content)).toBe(hashBytes(Buffer.concat([...ends, size])))
    },
  )

  test('reads no more than 128 KiB of a file of terabytes', async () => {
    let readBytes = 0
    await digestHeadAndTail(
      async (_, length) => {
        readBytes += length
        return Buffer.alloc(length)
      },
      5 * 2 ** 40,
    )
    expect(readBytes).toBe(2 * kib64)
  })
})

test.each([1, kib64, 2 * kib64, 2 * kib64 + 1, 3 * kib64])(
  'what is read beside the ends of a file of %i bytes is what is read of the file',
  async (length) => {
    const content = Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 251))
    const read = async (offset: number, count: number) => content.subarray(offset, offset + count)
    const beside = readingBeside(await readEnds(read, length), read)
    for (const edge of [0, kib64, length - kib64, length])
      for (const offset of [edge - 17, edge - 8, edge - 1, edge, edge + 1].filter((at) => at >= 0))
        for (const count of [1, 8, 16, 12_345])
          expect((await beside(offset, count)).equals(await read(offset, count)), `${count} at ${offset}`).toBe(true)
  },
)

describe('a file that the queue has', () => {
  test('is not offered again after a restart, and is not read for it', async () => {
    await using before = await watchedFolder({ prepare: (path) => writeFile(`${path}/a.mov`, 'take') })
    await before.record.until('it settled', () => before.record.settled('a.mov').length === 1)
    await before.capture.stop()
    before.record.forget()
    before.record.readPaths.splice(0)
    await using after = await watchedFolder({ path: before.path, record: before.record })
    await writeFile(after.at('marker.mov'), 'x')
    await after.record.until('a new one settled', () => after.record.settled('marker.mov').length === 1)
    expect(after.record.toldOf('a.mov')).toEqual([])
    expect(after.record.readPaths).toEqual([after.at('marker.mov').slice(1)])
    expect(after.capture.counts()).toMatchObject({ known: 1, settled: 1 })
  })

  test('is told as moved, not as gone or new, when it is renamed', async () => {
    await using folder = await watchedFolder()
    const { record } = folder
    await writeFile(folder.at('a.mov'), 'take')
    await record.until('it settled', () => record.settled('a.mov').length === 1)
    await rename(folder.at('a.mov'), folder.at('b.mov'))
    await record.until('it moved', () => record.calls.some(({ on }) => on === 'onMoved'))
    await folder.capture.rescan()

    const [before] = record.settled('a.mov')
    const moved = record.calls.findLast((call) => call.on === 'onMoved')
    expect(moved?.args[0].path).toBe(folder.at('b.mov'))
    expect(moved?.args[0].identity.key).toBe(before?.identity.key)
    expect(moved?.args[1]).toBe(folder.at('a.mov'))
    expect(record.toldOf('a.mov')).toEqual(['onGrowing', 'onSettled'])
    expect(record.toldOf('b.mov')).toEqual(['onGrowing', 'onMoved'])
  })

  test('is told as moved when it was renamed while nobody watched', async () => {
    await using before = await watchedFolder({ prepare: (path) => writeFile(`${path}/a.mov`, 'take') })
    await before.record.until('it settled', () => before.record.settled('a.mov').length === 1)
    await before.capture.stop()
    await rename(before.at('a.mov'), before.at('b.mov'))
    await using after = await watchedFolder({ path: before.path, record: before.record })
    await after.record.until('it moved', () => after.record.toldOf('b.mov').includes('onMoved'))
  })

  test('is told when it is there again after the queue had given it up, under its own name, in this run or the next', async () => {
    await using folder = await watchedFolder()
    await using elsewhere = await watchedFolder()
    const { record } = folder
    await writeFile(folder.at('a.mov'), 'take')
    await record.until('it settled', () => record.settled('a.mov').length === 1)
    for (const run of ['this', 'next']) {
      record.forget()
      await rename(folder.at('a.mov'), elsewhere.at('a.mov'))
      await record.until('it is gone', () => record.toldOf('a.mov').includes('onGone'))
      if (run === 'next') await folder.capture.stop()
      await rename(elsewhere.at('a.mov'), folder.at('a.mov'))
      await using after = run === 'next' ? await watchedFolder({ path: folder.path, record }) : null
      await record.until('it is there again', () => record.toldOf('a.mov').includes('onMoved'))
      const moved = record.calls.findLast((call) => call.on === 'onMoved')
      expect(moved?.args[1]).toBe(folder.at('a.mov'))
      expect((after ?? folder).capture.counts()).toMatchObject({ settled: 1 })
    }
  })

  test('is known under a second name for the same inode, which is told so that it does not stay growing', async () => {
    await using folder = await watchedFolder()
    const { record } = folder
    await writeFile(folder.at('a.mov'), 'take')
    await record.until('it settled', () => record.settled('a.mov').length === 1)
    await link(folder.at('a.mov'), folder.at('same.mov'))
    await record.until('the second name is known', () => record.toldOf('same.mov').includes('onKnown'))
    expect(record.toldOf('same.mov')).toEqual(['onGrowing', 'onKnown'])
  })
})
