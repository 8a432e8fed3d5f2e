import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { identityOf } from '../../src/capture/file-identity.ts'
import { digestHeadAndTail } from '../../src/capture/head-tail-digest.ts'
import { factsOf } from '../../src/daemon/take-in-files.ts'
import { lookAtSource } from '../../src/upload/look-at-source.ts'

/** A clip that was taken in at one time of day and whose volume shows an hour later since. */
async function shiftedClip(keepsInodes: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-card-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'C0001.MXF')
  const bytes = Buffer.from('a take')
  await writeFile(path, bytes)
  await utimes(path, 1_700_003_600, 1_700_003_600)
  const volume = { id: 'uuid:card', label: '', mountPoint: folder, keepsInodes, tellsOfChanges: true }
  const look = { sizeBytes: bytes.length, mtimeNs: 1_700_000_000_000_000_000n, inode: 1n, device: 1n }
  const ends = await digestHeadAndTail(async (offset, length) => bytes.subarray(offset, offset + length), bytes.length)
  return { path, fileId: 1, watchFolder: folder, ...factsOf(identityOf(look, volume, path, ends)) }
}

test('a clip on a card whose times moved by an hour while it was out is the same clip', async () => {
  expect(await lookAtSource(await shiftedClip(false))).toEqual({ kind: 'same' })
})

test('a clip on a card whose times moved and whose bytes are others is another one', async () => {
  const source = await shiftedClip(false)
  await writeFile(source.path, 'b take')
  expect((await lookAtSource(source)).kind).toBe('different')
})

test('a clip on a disk whose time moved is another one, since it was written to', async () => {
  expect((await lookAtSource(await shiftedClip(true))).kind).toBe('different')
})

test('a take of the same size and time as the one before is told from it by its ends, where those are asked for', async () => {
  const source = await shiftedClip(false)
  await writeFile(source.path, 'b take')
  await utimes(source.path, 1_700_000_000, 1_700_000_000)
  expect(await lookAtSource(source)).toEqual({ kind: 'same' })
  expect((await lookAtSource(source, true)).kind).toBe('different')
})
