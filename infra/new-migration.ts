/**
 * `npm run new-migration -- add_execution_lease` writes `drizzle/<now>_add_execution_lease.sql` with the statements that
 * lead from the schema of the last migration (kept in `drizzle/schema-snapshot.json`) to the schema as it is in
 * `packages/db/src/schema`. Read it, edit it (backfills, concurrency), commit both files.
 */
import { readFile, writeFile } from 'node:fs/promises'
import * as schema from '@rushes/db'
import { columnCasing } from '@rushes/db'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { errnoOf } from './failure.ts'

const snapshotFile = new URL('../drizzle/schema-snapshot.json', import.meta.url)

// drizzle-kit makes up an id at each run; without it the file changes only when the schema does.
const noId = '00000000-0000-0000-0000-000000000000'

const name = process.argv[2]
if (name === undefined || !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
  console.error('usage: npm run new-migration -- NAME     (small letters, digits and _, such as add_execution_lease)')
  process.exit(2)
}

const current = generateDrizzleJson(schema, undefined, undefined, columnCasing)
const statements = await generateMigration(await lastSnapshot(), current)
if (statements.length === 0) {
  console.log('The schema is that of the last migration: nothing to write.')
} else {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 13)
  const file = new URL(`../drizzle/${stamp}_${name}.sql`, import.meta.url)
  await writeFile(file, `${statements.join('\n\n')}\n`, { flag: 'wx' })
  console.log(`Wrote ${decodeURIComponent(file.pathname)}`)
}
await writeFile(snapshotFile, `${JSON.stringify({ ...current, id: noId, prevId: noId }, null, 1)}\n`)

async function lastSnapshot(): Promise<ReturnType<typeof generateDrizzleJson>> {
  try {
    return JSON.parse(await readFile(snapshotFile, 'utf8'))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return generateDrizzleJson({})
    throw error
  }
}
