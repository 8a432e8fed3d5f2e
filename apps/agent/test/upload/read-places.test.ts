import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { problemOf } from '../../src/destination/part-source.ts'
import { readProbe } from '../../src/upload/find-shift.ts'
import { readPlaces } from '../../src/upload/read-places.ts'
import { rewrittenPlaces } from '../../src/upload/rewritten-places.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-places-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  return dir
}

test('reads what is there of a place, also past the end', async () => {
  const path = join(await folder(), 'a')
  await writeFile(path, 'abcdef')
  expect(await readPlaces(path, async (read) => [String(await read(1, 2)), String(await read(4, 9))])).toEqual([
    'bc',
    'ef',
  ])
})

const looks: [string, (path: string) => Promise<unknown>][] = [
  ['cut', (path) => readProbe(path, { number: 2, offset: 1, sizeBytes: 10 })],
  ['compared', (path) => rewrittenPlaces(path, 1_000)],
]

test.each(looks)(
  'a recording in whose place there is a pipe nobody writes to is not waited for when it is %s',
  async (_, look) => {
    const path = join(await folder(), 'A001.mxf')
    await promisify(execFile)('mkfifo', [path])
    expect(problemOf(await look(path).catch((error: unknown) => error)).failure.problem).toBe('notARegularFile')
  },
)

test.each(looks)('a recording in whose place there is a link is not followed when it is %s', async (_, look) => {
  const dir = await folder()
  await writeFile(join(dir, 'elsewhere'), Buffer.alloc(1_000))
  await symlink(join(dir, 'elsewhere'), join(dir, 'A001.mxf'))
  const failure = problemOf(await look(join(dir, 'A001.mxf')).catch((error: unknown) => error)).failure
  expect(failure.problem).toBe('notARegularFile')
})
