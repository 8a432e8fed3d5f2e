import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runVitest } from './run-vitest.ts'
import { closingLines } from './tally.ts'

const passing = "test('one that passes', () => {})"
const failing = "test('one that fails', () => { throw new Error('broken for good') })"
const unsteady = `
import { existsSync, writeFileSync } from 'node:fs'
test('one that fails at first', () => {
  const marker = import.meta.filename + '.ran'
  if (existsSync(marker)) return
  writeFileSync(marker, '')
  throw new Error('only this once')
})`

/** A project of its own with these files, run as ours is. */
async function run(files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-run-vitest-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const config = join(dir, 'vitest.config.mjs')
  const settings = { globals: true, root: dir, include: ['*.test.mjs'], maxWorkers: 1 }
  await writeFile(config, `export default { test: ${JSON.stringify(settings)} }`)
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, `${name}.test.mjs`), text)
  return runVitest(config, { signal: new AbortController().signal, output: 'ignore' })
}

test('a file that fails is run once more: what passes then counts as passed, and is named', async () => {
  const tally = await run({ a: passing, b: `${passing}\n${unsteady}` })
  expect(tally).toMatchObject({ passed: 3, failed: 0, failures: [] })
  expect(tally.unsteady).toEqual([expect.stringMatching(/b\.test\.mjs: one that fails at first\n.*only this once/s)])
  expect(closingLines(tally).at(0)).toContain('unsteady (failed, then passed alone): ')
  expect(closingLines(tally).at(-1)).toBe('3 passed, 0 failed')
})

test('what fails both times failed, beside what passed the second time', async () => {
  const tally = await run({ a: passing, b: `${failing}\n${unsteady}` })
  expect(tally).toMatchObject({ passed: 2, failed: 1 })
  expect(tally.failures).toEqual([expect.stringMatching(/b\.test\.mjs: one that fails\n.*broken for good/s)])
  expect(tally.unsteady).toHaveLength(1)
})

test('a file that cannot be loaded failed', async () => {
  expect(await run({ a: passing, b: "import './missing.mjs'" })).toMatchObject({ passed: 1, failed: 1, unsteady: [] })
})

test('more files than an accident explains are not run again', async () => {
  const tally = await run({ a: unsteady, b: unsteady, c: unsteady, d: unsteady })
  expect(tally).toMatchObject({ passed: 0, failed: 4, unsteady: [] })
})
