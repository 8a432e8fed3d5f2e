import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createDatabase, type DatabaseHandle, migrate } from '@rushes/db'
import { createProject, ensureDeviceModels } from '@rushes/fleet'
import { freePort } from '@rushes/test-kit'
import { ana, type Device, pairDevice } from '../../test/support/pair.ts'
import { until } from '../../test/support/until.ts'
import { type Program, startProgram } from './program.ts'

export type BenchedIngest = {
  readonly url: string
  readonly pid: number
  readonly database: DatabaseHandle
  pair(): Promise<Device>
  /** Removes every clip from the folder, once nothing is being assembled any more. */
  emptyStore(): Promise<void>
  stop(): Promise<void>
}

/** Ingest as it runs in production: a program of its own over a database that syncs and a folder. */
export async function startIngest(given: {
  adminUrl: string
  dir: string
  execArgv?: string[]
}): Promise<BenchedIngest> {
  const storeDir = join(given.dir, 'ingest')
  await mkdir(storeDir, { recursive: true })
  const name = `rushes_bench_${process.pid}_${Date.now()}`
  const admin = createDatabase({ connectionString: given.adminUrl, maxConnections: 1 })
  await admin.pool.query(`create database ${name}`)
  const connectionString = new URL(given.adminUrl)
  connectionString.pathname = `/${name}`
  const database = createDatabase({ connectionString: connectionString.href, maxConnections: 2 })
  await migrate(database.pool)
  await ensureDeviceModels(database, { clientSecret: 'the-secret-of-all-units' })
  const made = await createProject({ db: database.db, now: new Date(), actor: ana }, { name: 'Harbour Nights' })
  if (made.kind !== 'created') throw new Error(made.kind)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const mainFile = join(import.meta.dirname, '../../src/main.ts')
  const program: Program = await startProgram(process.execPath, [...(given.execArgv ?? []), mainFile], {
    answersAt: `${url}/health`,
    env: {
      DATABASE_URL: connectionString.href,
      OBJECT_STORE_URL: pathToFileURL(storeDir).href,
      RUSHES_SECRET: 'a-secret-for-benches-only',
      RUSHES_INGEST_PORT: String(port),
      RUSHES_INGEST_URL: url,
    },
  })
  return {
    url,
    pid: program.pid,
    database,
    async emptyStore() {
      const { pool } = database
      const unfinished = "select from assets where state in ('created', 'assembling')"
      await until('all clips are available', async () => (await pool.query(unfinished)).rowCount === 0, 60_000)
      for (const entry of await readdir(storeDir))
        if (!entry.startsWith('.')) await rm(join(storeDir, entry), { recursive: true })
    },
    pair: () => pairDevice({ url, database, projectId: made.project.id }),
    async stop() {
      await program.stop()
      await database.close()
      await admin.pool.query(`drop database ${name} with (force)`)
      await admin.close()
      await rm(storeDir, { recursive: true, force: true })
    },
  }
}
