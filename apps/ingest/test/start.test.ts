import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTestDatabase } from '@rushes/db/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../src/prepare-database.ts'
import { startTestIngest } from './support/test-ingest.ts'

const log = pino({ level: 'silent' })
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes-start-'))
})
afterAll(() => rm(dir, { recursive: true }))

test('a database of an older version is left alone, with the command that migrates it', async () => {
  await using database = await createTestDatabase({ migrated: false })
  await expect(prepareDatabase(database.connectionString, log)).rejects.toMatchObject({
    code: 'databaseOlder',
    hint: expect.stringContaining('rushes-admin migrate'),
  })
  expect((await database.pool.query("select from pg_tables where schemaname = 'public'")).rowCount).toBe(0)
})

test('a database of a newer version is left alone', async () => {
  await using database = await createTestDatabase()
  await database.pool.query("insert into schema_migrations (name, sha256) values ('20990101T0000_later', 'x')")
  await expect(prepareDatabase(database.connectionString, log)).rejects.toMatchObject({
    code: 'databaseNewer',
    message: expect.stringContaining('20990101T0000_later'),
  })
})

test('a database that does not answer is named', async () => {
  await expect(prepareDatabase('postgresql://x:y@127.0.0.1:1/z', log)).rejects.toMatchObject({
    code: 'databaseUnreachable',
    hint: expect.stringContaining('PostgreSQL'),
  })
})

test('a port that is taken, and an address of another machine, are named with the variable to set', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(startTestIngest({ config: { port } })).rejects.toMatchObject({
    code: 'portTaken',
    message: expect.stringContaining(String(port)),
    hint: expect.stringContaining('RUSHES_INGEST_PORT'),
  })
  await expect(startTestIngest({ config: { host: '203.0.113.1' } })).rejects.toMatchObject({
    code: 'addressUnusable',
    hint: expect.stringContaining('RUSHES_HOST'),
  })
  other.close()
})

test('the program ends with 1, code and hint on its standard error, and no stack', async () => {
  await using database = await createTestDatabase()
  await writeFile(join(dir, 'file'), '')
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts')], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.connectionString,
      OBJECT_STORE_URL: pathToFileURL(join(dir, 'file')).href,
      RUSHES_SECRET: 'a-secret-for-tests-only',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  const [exitCode] = await once(child, 'exit')
  expect(exitCode).toBe(1)
  expect(text).toMatch(/^ingest cannot start \(storeUnusable\): .*\nIt has to be writable/)
  expect(text).not.toContain(' at ')
})
