import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { watchedFolder } from './watched-folder.ts'

const answer = Promise.withResolvers<void>()
const hangs = 'still-03.dng'

// The file system keeps whoever reads this one, as that of a dying card does; all else is read as it is.
vi.mock('../../src/capture/inspect-file.ts', async (importOriginal) => {
  const { inspectFile } = await importOriginal<typeof import('../../src/capture/inspect-file.ts')>()
  return {
    async inspectFile(...given: Parameters<typeof inspectFile>) {
      if (given[0].endsWith(hangs)) await answer.promise
      return inspectFile(...given)
    },
  }
})

test('while one file hangs in the system all others of its card are told of, and it is told of when it answers', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `still-${String(index).padStart(2, '0')}.dng`)
  await using folder = await watchedFolder({ prepare: (path) => mkdir(`${path}-card`) })
  const { record } = folder
  for (const name of names) await writeFile(join(`${folder.path}-card`, name), name)
  await rename(`${folder.path}-card`, folder.at('card'))
  const others = names.filter((name) => name !== hangs)
  await record.until('the others settled', () => others.every((name) => record.settled(`card/${name}`).length === 1))
  expect(record.settled(`card/${hangs}`)).toEqual([])
  answer.resolve()
  await record.until('the last one settled', () => record.settled(`card/${hangs}`).length === 1)
  expect(record.rows).toHaveLength(names.length)
})
