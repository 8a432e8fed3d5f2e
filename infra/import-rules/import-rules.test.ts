import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rootDir } from '../start/repository.ts'
import { checkImportRules } from './check.ts'
import { unitOf } from './locate.ts'
import { units } from './matrix.ts'

const sourceFile = /\.(ts|tsx|mts|js|mjs)$/

async function modulesOfTheTree(): Promise<string[]> {
  const found: string[] = []
  const walk = async (folder: string) => {
    for (const entry of await readdir(join(rootDir, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!/^(node_modules|\..*|dist|data)$/.test(entry.name)) await walk(path)
      } else if (sourceFile.test(entry.name) && !entry.name.endsWith('.d.ts')) found.push(path)
    }
  }
  await walk('')
  return found
}

test('every module of the tree keeps the import rules', async () => {
  const paths = await modulesOfTheTree()
  const files = await Promise.all(
    paths.map(async (path) => ({ path, source: await readFile(join(rootDir, path), 'utf8') })),
  )
  expect(checkImportRules(files)).toEqual([])
})

test('every package and app of the tree has its line in the matrix, and its modules were looked at', async () => {
  const paths = await modulesOfTheTree()
  for (const parent of ['apps', 'packages']) {
    for (const name of await readdir(join(rootDir, parent))) {
      const manifest: unknown = JSON.parse(await readFile(join(rootDir, parent, name, 'package.json'), 'utf8'))
      const packageName = typeof manifest === 'object' && manifest !== null && 'name' in manifest ? manifest.name : ''
      expect(units[String(packageName)]?.folder, `${parent}/${name}`).toBe(`${parent}/${name}`)
      expect(paths.filter((path) => unitOf(path)?.[0] === packageName).length, String(packageName)).toBeGreaterThan(0)
    }
  }
})

/** One module that breaks one rule, and what is said about it. */
const planted: [rule: string, what: string, path: string, source: string][] = [
  ['matrix', 'a package that may not be imported', 'packages/db/src/x.ts', `import { x } from '@rushes/fleet'`],
  ['matrix', 'the agent reaching the database', 'apps/agent/src/x.ts', `import type { Database } from '@rushes/db'`],
  ['matrix', 'an app imported', 'infra/x.ts', `import '@rushes/gateway'`],
  ['matrix', 'an app imported by a relative path', 'e2e/x.ts', `import { a } from '../apps/agent/src/a.ts'`],
  ['matrix', 'a package imported by a relative path', 'packages/api/src/x.ts', `export * from '../../db/src/index.ts'`],
  ['matrix', 'an import written as a call', 'packages/db/src/x.ts', `const x = await import('@rushes/api')`],
  ['matrix', 'an import written inside a type', 'apps/agent/src/x.ts', `type X = import('@rushes/fleet').X`],
  ['matrix', 'the test fixture outside of a test', 'packages/fleet/src/x.ts', `import '@rushes/db/testing'`],
  ['matrix', 'a module outside of all folders', 'packages/utils/src/x.ts', `export const x = 1`],
  ['pure', 'a pure package importing node:*', 'packages/upload-core/src/x.ts', `import { readFile } from 'node:fs'`],
  ['pure', 'a pure package importing a library', 'packages/command-core/src/x.ts', `import { request } from 'undici'`],
  ['pure', 'a pure package reading the clock', 'packages/upload-core/src/x.ts', `export const x = () => Date.now()`],
  ['pure', 'a pure package making the present', 'packages/protocol/src/x.ts', `export const x = () => new Date()`],
  ['pure', 'a pure package drawing lots', 'packages/upload-core/src/x.ts', `export const x = () => Math.random()`],
  ['pure', 'a pure package making ids', 'packages/command-core/src/x.ts', `export const x = () => crypto.randomUUID()`],
  ['pure', 'a pure package setting a timer', 'packages/upload-core/src/x.ts', `setTimeout(() => undefined, 1)`],
  ['pure', 'a pure package calling out', 'packages/protocol/src/x.ts', `export const x = await fetch('http://a')`],
  ['forbidden', 'api writing SQL', 'packages/api/src/x.ts', `import { eq } from 'drizzle-orm'`],
  ['forbidden', 'an app writing SQL', 'apps/ingest/src/x.ts', `import pg from 'pg'`],
  ['forbidden', 'fleet importing tRPC', 'packages/fleet/src/x.ts', `import { TRPCError } from '@trpc/server'`],
  ['forbidden', 'fleet importing Next', 'packages/fleet/src/x.ts', `import { headers } from 'next/headers'`],
  [
    'client',
    'a client component importing the API as a value',
    'apps/control-plane/src/x.tsx',
    `'use client'\nimport { appRouter } from '@rushes/api'`,
  ],
  [
    'client',
    'an import of `{ type T }`, which stays at run time',
    'apps/control-plane/src/x.tsx',
    `'use client'\nimport { type AppRouter } from '@rushes/api'`,
  ],
  ['environment', 'the environment read in passing', 'apps/gateway/src/x.ts', `export const x = process.env.HOME`],
  ['environment', 'the environment read by an index', 'packages/db/src/x.ts', `export const x = process['env'].HOME`],
  ['environment', 'the environment imported', 'packages/fleet/src/x.ts', `import { env } from 'node:process'`],
  ['parses', 'a module that cannot be read', 'packages/db/src/x.ts', `import { from 'x'`],
]

test.each(planted)('finds a breach of "%s": %s', (rule, _what, path, source) => {
  expect(checkImportRules([{ path, source }])).toContainEqual(expect.objectContaining({ rule, path }))
})

test('finds server code that a client component reaches by way of another module', () => {
  const files = [
    { path: 'apps/control-plane/src/page.tsx', source: `'use client'\nimport { rows } from './rows'` },
    { path: 'apps/control-plane/src/rows.ts', source: `import { fleetRows } from '@rushes/fleet'` },
  ]
  expect(checkImportRules(files)).toMatchObject([{ rule: 'client', path: 'apps/control-plane/src/rows.ts' }])
})

test('finds a cycle between packages', () => {
  const files = [
    { path: 'packages/api/src/x.ts', source: `import '@rushes/fleet'` },
    { path: 'packages/fleet/src/x.ts', source: `import '@rushes/api'` },
  ]
  expect(checkImportRules(files)).toContainEqual(expect.objectContaining({ rule: 'cycle' }))
})

test.each([
  ['apps/gateway/src/config.ts', `export const x = process.env.HOME`],
  ['packages/upload-core/src/x.ts', `export const x = (at: number) => new Date(at)`],
  ['packages/upload-core/src/x.ts', `export const x = (process: { fetch: number }) => process.fetch`],
  ['packages/upload-core/test/x.test.ts', `import fc from 'fast-check'\nexport const x = Math.random()`],
  ['packages/fleet/test/x.test.ts', `import { createTestDatabase } from '@rushes/db/testing'`],
  ['apps/control-plane/src/x.tsx', `'use client'\nimport type { AppRouter } from '@rushes/api'`],
  ['apps/control-plane/src/x.tsx', `'use client'\nimport { reasons } from '@rushes/protocol'`],
  ['apps/control-plane/src/x.tsx', `import { fleetRows } from '@rushes/fleet'`],
])('leaves alone what is allowed: %s', (path, source) => {
  expect(checkImportRules([{ path, source }])).toEqual([])
})
