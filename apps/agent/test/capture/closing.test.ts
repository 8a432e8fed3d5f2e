import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FolderContext } from '../../src/capture/folder-context.ts'
import { FolderFiles } from '../../src/capture/folder-files.ts'
import { lookAt } from '../../src/capture/sighting.ts'
import { contextFor } from './context-for.ts'
import { temporaryFolder } from './watched-folder.ts'

/** A recording in a folder of recordings, by a clock that the test moves, whose recorder is what `recorder` says. */
async function recording(root: string) {
  const path = join(root, 'a.mov')
  const recorder: { seen: ReturnType<FolderContext['writers']['look']>; isFound: boolean } = {
    seen: 'open',
    isFound: true,
  }
  let nowMs = 1_000
  const { record, context } = contextFor(root)
  const files = new FolderFiles({
    ...context,
    folder: { ...context.folder, mode: 'realtime' },
    clock: { ...context.clock, monotonicMs: () => nowMs },
    writers: {
      probe: async () => new Set(recorder.isFound ? [path] : []),
      look: () => recorder.seen,
      isBlind: () => false,
    },
    restMs: 2_000,
    lookGapMs: 250,
  })
  const see = async () => files.take(await lookAt(root, 'a.mov', context.folder))
  const pass = async (durationMs: number) => {
    nowMs += durationMs
    await files.advance(async () => true)
  }
  await writeFile(path, 'head')
  files.beginScan(root)
  await see()
  files.finishScan()
  await appendFile(path, ' and picture')
  await see()
  // The change is seen, and then by whom it is made.
  await pass(0)
  return { path, record, recorder, files, pass, nowMs: () => nowMs }
}

test('looks at a file as soon as its recorder has closed it and hands it over a moment later, with what was written last', async () => {
  await using temporary = await temporaryFolder()
  const { path, record, recorder, files, pass, nowMs } = await recording(temporary.path)
  await pass(1)
  expect(files.nextDueMs() - nowMs()).toBeLessThanOrEqual(50)
  await appendFile(path, ' and index')
  recorder.seen = 'closed'
  recorder.isFound = false
  await pass(50)
  recorder.seen = 'unknown'
  expect(record.settled('a.mov')).toEqual([])
  await pass(files.nextDueMs() - nowMs())
  expect(record.settled('a.mov').map(({ sizeBytes }) => sizeBytes)).toEqual([26])
  // Well before it counts as quiet, let alone as at rest.
  expect(nowMs()).toBeLessThan(1_200)
})

test('does not hand a file over that its recorder closes and opens again at once', async () => {
  await using temporary = await temporaryFolder()
  const { path, record, recorder, files, pass, nowMs } = await recording(temporary.path)
  recorder.seen = 'closed'
  await pass(50)
  recorder.seen = 'unknown'
  await appendFile(path, ' and index')
  await pass(files.nextDueMs() - nowMs())
  recorder.seen = 'open'
  await pass(5_000)
  expect(record.toldOf('a.mov')).toEqual(['onGrowing'])
  recorder.seen = 'closed'
  recorder.isFound = false
  await pass(50)
  recorder.seen = 'unknown'
  await pass(files.nextDueMs() - nowMs())
  expect(record.settled('a.mov').map(({ sizeBytes }) => sizeBytes)).toEqual([26])
})
