import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { createProject, ensureDeviceModels } from '@rushes/fleet'
import { freePort } from './free-port.ts'
import { ana } from './pair.ts'
import { clientSecret } from './test-ingest.ts'
import { until } from './until.ts'

const mainFile = join(import.meta.dirname, '../../src/main.ts')

export type ProcessIngest = {
  url: string
  dir: string
  database: TestDatabase
  projectId: string
  /** What it has written so far. */
  output(): string
  /** Starts it, and again after a kill; resolves when it answers. */
  start(): Promise<void>
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>
  dispose(): Promise<void>
}

/** Ingest as a program of its own, with its database and folder, so that it can be killed. */
export async function prepareProcessIngest(env: Record<string, string> = {}): Promise<ProcessIngest> {
  const [database, dir, port] = await Promise.all([
    createTestDatabase({ maxConnections: 4 }),
    mkdtemp(join(tmpdir(), 'rushes-ingest-')),
    freePort(),
  ])
  await ensureDeviceModels(database, { clientSecret })
  const made = await createProject({ db: database.db, now: new Date(), actor: ana }, { name: 'Harbour Nights' })
  if (made.kind !== 'created') throw new Error(made.kind)
  const url = `http://127.0.0.1:${port}`
  const cacheDir = await mkdtemp(join(tmpdir(), 'rushes-compiled-')) // each start after the first is quicker
  let child: ChildProcess | undefined
  let output = ''

  const gone = async (process: ChildProcess) => {
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
    return process.exitCode
  }
  const kill = async () => {
    if (child === undefined) return
    child.kill('SIGKILL')
    await gone(child)
  }
  return {
    url,
    dir,
    database,
    projectId: made.project.id,
    output: () => output,
    async start() {
      child = spawn(process.execPath, [mainFile], {
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: cacheDir,
          DATABASE_URL: database.connectionString,
          OBJECT_STORE_URL: pathToFileURL(dir).href,
          RUSHES_SECRET: 'a-secret-for-tests-only',
          RUSHES_INGEST_PORT: String(port),
          RUSHES_INGEST_URL: url,
          RUSHES_PUBLIC_URL: 'https://rushes.test',
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const started = child
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      await until(
        'ingest answers',
        async () => {
          if (started.exitCode !== null) throw new Error(`ingest ended at its start:\n${output}`)
          return fetch(`${url}/health`).then(
            (response) => response.ok,
            () => false, // not listening yet
          )
        },
        30_000,
      )
    },
    kill,
    async terminate() {
      if (child === undefined) throw new Error('it was not started')
      child.kill('SIGTERM')
      return gone(child)
    },
    async dispose() {
      await kill()
      await database.drop()
      await Promise.all([dir, cacheDir].map((path) => rm(path, { recursive: true, force: true })))
    },
  }
}
