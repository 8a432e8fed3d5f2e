import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { clearVanished } from '../../src/daemon/clear-vanished.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { beginGrowth } from '../../src/queue/growths.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

/** Rows of files that were growing when the agent ended, in a watch folder that is there. */
async function grown(names: readonly string[], volumeId = '') {
  const { queue, stateDir } = testQueue()
  const folder = join(stateDir, 'card')
  await mkdir(folder)
  const ids: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    await writeFile(path, 'the first bytes')
    const file = {
      ...{ path, watchFolder: folder, volumeId, inode: '', inodeIsStable: false },
      ...{ sizeBytes: 15, modifiedUs: 0, identityKey: null, statKey: null },
    }
    ids.push(addClip(queue, 15, { file, name, entry: { kind: 'growing' } }).id)
  }
  const sweep = () => clearVanished(queue, { log: pino({ level: 'silent' }), signal: new AbortController().signal })
  const states = () => ids.map((id) => findUpload(queue, id)?.state)
  return { folder, sweep, states, queue, ids }
}

const cleared = { kind: 'cleared', reason: 'sourceDeleted', heldFor: null }

test('growing files that were deleted or renamed while the agent was down are cleared, and those that are there still grow', async () => {
  const { folder, sweep, states } = await grown(['deleted.mov', 'renamed.mov', 'there.mov'])
  await rm(join(folder, 'deleted.mov'))
  await rename(join(folder, 'renamed.mov'), join(folder, 'B001.mov'))
  await sweep()
  expect(states()).toEqual([cleared, cleared, { kind: 'growing' }])
})

test('more growing files than are looked up at once are all cleared when they were deleted', async () => {
  const { folder, sweep, states } = await grown(Array.from({ length: 203 }, (_, index) => `A${index}.mov`))
  await rm(folder, { recursive: true })
  await mkdir(folder)
  await sweep()
  expect(new Set(states().map((state) => state?.kind))).toEqual(new Set(['cleared']))
})

test('a growing file whose watch folder is absent may come back and is left', async () => {
  const { folder, sweep, states } = await grown(['A001.mov'])
  await rm(folder, { recursive: true })
  await sweep()
  expect(states()).toEqual([{ kind: 'growing' }])
})

test('a growing file of a volume that is not mounted may come back and is left', async () => {
  const { folder, sweep, states } = await grown(['A001.mov'], 'uuid:elsewhere')
  await rm(join(folder, 'A001.mov'))
  await sweep()
  expect(states()).toEqual([{ kind: 'growing' }])
})

test('a file that was being sent while it grew and was deleted while the agent was down is cleared', async () => {
  const { folder, sweep, states, queue, ids } = await grown(['A001.mov'])
  const upload = findUpload(queue, ids[0] ?? '')
  if (upload === null) throw new Error('it was taken in')
  beginGrowth(queue, upload, { bytesPerSecond: 1, extension: '.mov', source: upload.source })
  expect(states()).toMatchObject([{ kind: 'queued' }])
  await sweep()
  expect(states()).toMatchObject([{ kind: 'queued' }])
  await rm(join(folder, 'A001.mov'))
  await sweep()
  expect(states()).toEqual([cleared])
})
