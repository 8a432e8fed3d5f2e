import { appendFile, mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyFolder, type ManifestFile, type ManifestHead, manifestFileName, writeManifest } from '@rushes/asc-mhl'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { appendGeneration, type History, HistoryError, readHistory } from '../src/index.ts'

const at = new Date('2026-11-22T05:00:00Z')
const head: ManifestHead = {
  ...{ createdAt: at, hostname: 'cart', tool: { name: 'test', version: '1' }, comment: null },
  process: 'in-place',
  ignored: [],
}
const fileOf = (path: string, xxh64: string): ManifestFile => ({
  ...{ path, xxh64, sizeBytes: 1, createdAt: null, modifiedAt: null, action: 'original', digestedAt: at },
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushes-history-'))
})
afterEach(() => rm(folder, { recursive: true }))

const append = (history: History, ...files: ManifestFile[]) =>
  appendGeneration(history, {
    fileName: manifestFileName(history.generations.length + 1, 'card', at),
    text: writeManifest(head, files),
  })
const inHistory = (name: string) => join(folder, historyFolder, name)

it('begins in a folder without one, and goes on generation by generation, with the first digest of each path', async () => {
  const none = await readHistory(folder)
  expect(none).toMatchObject({ generations: [], xxh64ByPath: new Map() })
  await append(none, fileOf('a.mov', '0000000000000001'))
  await append(await readHistory(folder), fileOf('a.mov', '0000000000000002'), fileOf('b.mov', '0000000000000003'))
  const { generations, xxh64ByPath } = await readHistory(folder)
  expect(generations.map(({ number }) => number)).toEqual([1, 2])
  expect([...xxh64ByPath]).toEqual([
    ['a.mov', '0000000000000001'],
    ['b.mov', '0000000000000003'],
  ])
  expect((await readdir(join(folder, historyFolder))).filter((name) => name.startsWith('.'))).toEqual([])
})

it.each([
  ['was changed', (path: string) => appendFile(path, ' ')],
  ['is gone', unlink],
  ['is no manifest', (path: string) => writeFile(path, 'something else')],
])('is not continued when a manifest %s', async (_, spoil) => {
  const { fileName } = await append(await readHistory(folder), fileOf('a.mov', '0000000000000001'))
  await spoil(inHistory(fileName))
  await expect(readHistory(folder)).rejects.toThrow(HistoryError)
})

it('is not taken for none when there are manifests without a chain', async () => {
  await mkdir(join(folder, historyFolder))
  await writeFile(inHistory('0001_card.mhl'), '')
  await expect(readHistory(folder)).rejects.toMatchObject({ code: 'historyBroken' })
})

it('leaves nothing behind of a generation that somebody else has written meanwhile', async () => {
  const before = await readHistory(folder)
  await append(before, fileOf('a.mov', '0000000000000001'))
  const late = { ...before, generations: [] }
  const text = writeManifest(head, [fileOf('b.mov', '0000000000000002')])
  await expect(appendGeneration(late, { fileName: '0001_other.mhl', text })).rejects.toThrow(HistoryError)
  expect((await readdir(join(folder, historyFolder))).toSorted()).toHaveLength(2)
  expect((await readHistory(folder)).generations).toHaveLength(1)
})
