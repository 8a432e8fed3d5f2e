import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { begins, titlesOf } from './titles-of.ts'

const root = join(import.meta.dirname, '../..')
const rows = readFileSync(join(root, 'apps/agent/FAULTS.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!fault |trap )/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const titles = globSync(['apps/agent/test/**/*.test.ts', 'packages/upload-core/test/**/*.test.ts'], {
  cwd: root,
}).flatMap((path) => titlesOf(path, readFileSync(join(root, path), 'utf8')))

test('the table of faults is read', () => expect(rows.length).toBeGreaterThan(40))

test.for(rows)('| %s%s | is shown by a test of that title', ([, fault, text = '']) => {
  expect(
    titles.filter((title) => begins(text, title)),
    `${fault}: ${text}`,
  ).not.toEqual([])
})
