import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { rewrittenPlaces } from '../../src/upload/rewritten-places.ts'

const head = { offset: 0, sizeBytes: 5_242_880 }

async function placesOf(name: string, bytes: Buffer) {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-places-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, name)
  await writeFile(path, bytes)
  return rewrittenPlaces(path, bytes.byteLength)
}
const offsets = (places: Awaited<ReturnType<typeof placesOf>>) =>
  places === 'everywhere' ? places : places.map(({ offset }) => offset)

function riff(lengthBytes: number, kind: string): Buffer {
  const segment = Buffer.alloc(8 + lengthBytes)
  segment.write('RIFF', 0, 'latin1')
  segment.writeUInt32LE(lengthBytes, 4)
  segment.write(kind, 8, 'latin1')
  return segment
}

/** A random index pack (SMPTE ST 377-1): key, length, body stream and place of each partition, length of it all. */
function randomIndex(partitions: readonly number[]): Buffer {
  const entries = Buffer.alloc(12 * partitions.length)
  for (const [index, offset] of partitions.entries()) entries.writeBigUInt64BE(BigInt(offset), 12 * index + 4)
  const length = Buffer.from([0x83, 0, 0, entries.byteLength + 4])
  const overall = Buffer.alloc(4)
  overall.writeUInt32BE(16 + length.byteLength + entries.byteLength + 4)
  return Buffer.concat([Buffer.from('060e2b34020501010d01020101110100', 'hex'), length, entries, overall])
}

test('an AVI file is rewritten at its head and at the beginning of each segment, however odd their lengths', async () => {
  const file = Buffer.concat([riff(101, 'AVI '), Buffer.alloc(1), riff(200, 'AVIX'), riff(60, 'AVIX')])
  expect(offsets(await placesOf('a.avi', file))).toEqual([0, 0, 110, 318])
})

test('an MXF file is rewritten at its head and in the packs that its random index names', async () => {
  const file = Buffer.concat([Buffer.alloc(9_000), randomIndex([0, 4_000, 8_000])])
  expect(offsets(await placesOf('a.mxf', file))).toEqual([0, 0, 4_000, 8_000])
})

test.for([
  ['a.mxf', Buffer.alloc(9_000)],
  ['short.mxf', Buffer.alloc(3)],
  ['lying.mxf', Buffer.concat([Buffer.alloc(100), Buffer.from([0xff, 0xff, 0xff, 0xff])])],
  ['cut.avi', Buffer.concat([riff(100, 'AVI '), Buffer.alloc(50)])],
  ['a.mkv', Buffer.alloc(100)],
  ['noextension', Buffer.alloc(100)],
] as const)('of a file that does not say where (%s) everything may be rewritten', async ([name, bytes]) => {
  expect(await placesOf(name, bytes)).toBe('everywhere')
})

test('an MP4 file is rewritten at its head', async () => {
  expect(await placesOf('a.mp4', Buffer.alloc(100))).toEqual([head])
})
