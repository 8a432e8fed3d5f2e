import { link, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FolderTeller } from '../../src/capture/folder-teller.ts'
import { createLog, createRecord, watchedFolder, watchFolder } from './watched-folder.ts'

const count = 40
const nameOf = (index: number) => `still-${index}.dng`

/** A card whose files appear all at once. */
async function cardWith(files: (path: string) => Promise<unknown>, record = createRecord()) {
  const folder = await watchedFolder({ record, prepare: (path) => mkdir(`${path}-card`) })
  const card = `${folder.path}-card`
  await files(card)
  await rename(card, folder.at('card'))
  return folder
}

const writeStills = async (path: string) => {
  for (let index = 0; index < count; index++) await writeFile(join(path, nameOf(index)), `still ${index}`)
}

test('new files that rest together share steps, and each of them is told of once', async () => {
  await using folder = await cardWith(writeStills)
  const { record } = folder
  await record.until('all settled', () => record.rows.length === count)
  expect(record.rows.map(({ path }) => path).sort()).toEqual(
    Array.from({ length: count }, (_, index) => folder.at(`card/${nameOf(index)}`)).sort(),
  )
  // How many, a busy machine decides: nobody waits long for others.
  expect(Math.max(...record.steps)).toBeGreaterThan(1)
  expect(record.steps.reduce((sum, told) => sum + told, 0)).toBe(count)
})

test('of two names of one file that come at once one is new, and the other is known', async () => {
  await using folder = await cardWith(async (path) => {
    await writeStills(path)
    await link(join(path, nameOf(3)), join(path, 'same.dng'))
  })
  const { record } = folder
  await record.until('both names are told of', () => record.rows.length === count)
  await record.until('the second name is known', () =>
    [nameOf(3), 'same.dng'].some((name) => record.toldOf(`card/${name}`).includes('onKnown')),
  )
  expect(record.rows).toHaveLength(count)
})

test('when a step fails nothing of it is noted, and each file is told of by itself', async () => {
  const record = createRecord()
  const { onSettled } = record.listener
  const bad = `card/${nameOf(7)}`
  record.listener.onSettled = (file) => {
    if (file.relativePath === bad) throw new Error('the queue will not have this one')
    onSettled(file)
  }
  await using folder = await cardWith(writeStills, record)
  await record.until('all but one settled', () => record.rows.length === count - 1)
  expect(new Set(record.rows.map(({ path }) => path)).size).toBe(count - 1)
  expect(folder.capture.counts()).toMatchObject({ settled: count - 1 })
})

test('a step that fails at its very end leaves nothing behind, and each file is told of once all the same', async () => {
  const record = createRecord()
  const { together } = record.listener
  let failures = 0
  record.listener.together = (tellAll) =>
    together(() => {
      tellAll()
      if (failures++ === 0) throw new Error('no room for the end of it')
    })
  await using folder = await cardWith(writeStills, record)
  await record.until('all settled', () => record.rows.length === count)
  expect(failures).toBeGreaterThan(0)
  expect(new Set(record.rows.map(({ path }) => path)).size).toBe(count)
  expect(folder.capture.counts()).toMatchObject({ settled: count, growing: 0 })
})

test('nobody is asked to take a step once watching has stopped', () => {
  const { listener, steps } = createRecord()
  const teller = new FolderTeller(watchFolder('/card'), '/card', listener, createLog().log)
  expect(teller.together(() => undefined)).toBe(true)
  teller.fallSilent()
  expect(teller.together(() => undefined)).toBe(false)
  expect(steps).toEqual([0])
})
