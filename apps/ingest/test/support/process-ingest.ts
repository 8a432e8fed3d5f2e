import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { createProject, ensureDeviceModels } from '@rushes/fleet'
import { freePort } from '@rushes/test-kit'
import { ana } from './pair.ts'
import { clipsInBucket, clipsInFolder, type StoredClips } from './stored-clips.ts'
import { bucketEnvironment, createTestBucket, onS3, type S3Server, type TestBucket } from './test-bucket.ts'
import { clientSecret } from './test-ingest.ts'
import { until } from './until.ts'

const mainFile = join(import.meta.dirname, '../../src/main.ts')

export type ProcessIngest = {
  url: string
  /** Of `/metrics`. */
  metricsUrl: string
  dir: string
  bucket: TestBucket | null
  stored: StoredClips
  database: TestDatabase
  projectId: string
  /** What it has written so far. */
  output(): string
  /** The process that runs at the moment. */
  pid(): number
  /** Starts it, and again after a kill; resolves when it answers. */
  start(): Promise<void>
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>
  dispose(): Promise<void>
}

type Installation = Pick<ProcessIngest, 'database' | 'dir' | 'bucket' | 'projectId'>

/** Where an installation gets its database and, if that is not a folder, its store, outside of test runs. */
export type Servers = { adminUrl: string; s3Server: S3Server | null }

async function install(servers: Servers | undefined): Promise<Installation> {
  const s3Server = servers?.s3Server ?? null
  const isOnS3 = servers === undefined ? onS3() : s3Server !== null
  const bucket = isOnS3 ? await createTestBucket(undefined, s3Server ?? undefined) : null
  const [database, dir] = await Promise.all([
    createTestDatabase({ maxConnections: 4, ...(servers === undefined ? {} : { adminUrl: servers.adminUrl }) }),
    mkdtemp(join(tmpdir(), 'rushes-ingest-')),
  ])
  await ensureDeviceModels(database, { clientSecret })
  const made = await createProject({ db: database.db, now: new Date(), actor: ana }, { name: 'Harbour Nights' })
  if (made.kind !== 'created') throw new Error(made.kind)
  return { database, dir, bucket, projectId: made.project.id }
}

/** Ingest as a program of its own, with its database and store, so that it can be killed. */
export async function prepareProcessIngest(
  options: {
    env?: Record<string, string>
    /** Left out: those of the test run. */
    servers?: Servers
    /** Works on the database and store of this one, which outlives it. */
    beside?: ProcessIngest
  } = {},
): Promise<ProcessIngest> {
  const { beside } = options
  const { database, dir, bucket, projectId } = beside ?? (await install(options.servers))
  const [port, metricsPort] = await Promise.all([freePort(), freePort()])
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
    bucket,
    stored: bucket === null ? clipsInFolder(dir) : clipsInBucket(bucket, database),
    database,
    projectId,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    pid() {
      if (child?.pid === undefined) throw new Error('it was not started')
      return child.pid
    },
    output: () => output,
    async start() {
      child = spawn(process.execPath, [mainFile], {
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: cacheDir,
          DATABASE_URL: database.connectionString,
          ...(bucket === null ? { OBJECT_STORE_URL: pathToFileURL(dir).href } : bucketEnvironment(bucket.config)),
          RUSHES_SECRET: 'a-secret-for-tests-only',
          RUSHES_INGEST_PORT: String(port),
          RUSHES_INGEST_URL: url,
          RUSHES_INGEST_METRICS_PORT: String(metricsPort),
          RUSHES_PUBLIC_URL: 'https://rushes.test',
          ...options.env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const started = child
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      const beganAt = output.length
      await until(
        'ingest answers',
        async () => {
          if (started.exitCode !== null) throw new Error(`ingest ended at its start:\n${output}`)
          if (started.signalCode !== null) throw new Error('ingest was killed at its start')
          // Asked only once it says that it listens: asking again and again before takes the processor away from it.
          if (!output.includes('ingest is ready', beganAt)) return false
          return fetch(`${url}/health`).then(
            (response) => response.ok,
            () => false, // killed just now, which is seen the next time
          )
        },
        120_000, // on a machine that is busy with other tests
      ).catch((error: unknown) => {
        throw new Error(`ingest does not answer; its last words:\n${output.slice(-4_000)}`, { cause: error })
      })
    },
    kill,
    async terminate() {
      if (child === undefined) throw new Error('it was not started')
      child.kill('SIGTERM')
      return gone(child)
    },
    async dispose() {
      await kill()
      await rm(cacheDir, { recursive: true, force: true })
      if (beside !== undefined) return
      await database.drop()
      await bucket?.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
