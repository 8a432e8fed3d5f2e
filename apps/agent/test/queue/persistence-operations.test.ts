import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const agent = join(import.meta.dirname, '../..')
const specification = readFileSync(join(agent, '../../packages/upload-core/SPEC.md'), 'utf8')
const [, chapter = ''] = specification.split('## The persistence operations of the upload guide')
const rows = chapter
  .split('## ')[0]
  ?.split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, number]) => /^\d+$/.test(number ?? ''))

const modules = await Promise.all(globSync(join(agent, 'src/queue/*.ts')).map((path) => import(path)))
const functions = new Set(
  modules.flatMap((module: Record<string, unknown>) =>
    Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
  ),
)

test('the guide has eight', () => expect(rows?.map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]))

test.for(rows ?? [])('%s%s, %s: every function that is named exists', ([, , , named = '']) => {
  const names = [...named.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
  expect(names).not.toEqual([])
  for (const name of names) expect([...functions]).toContain(name)
})
