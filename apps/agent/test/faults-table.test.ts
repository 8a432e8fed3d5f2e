import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const agent = join(import.meta.dirname, '..')
const rows = readFileSync(join(agent, 'FAULTS.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!fault |trap )/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const sources = ['test/**/*.test.ts', '../../packages/upload-core/test/**/*.test.ts']
  .flatMap((pattern) => globSync(pattern, { cwd: agent }))
  .map((path) => readFileSync(join(agent, path), 'utf8'))
  .join('\n')

test('the table of faults is read', () => expect(rows.length).toBeGreaterThan(40))

test.for(rows)('| %s%s | is shown by a test of that title', ([, fault, title]) => {
  expect(sources.includes(title ?? '?'), `${fault}: ${title}`).toBe(true)
})
