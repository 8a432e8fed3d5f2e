import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { createProject, ensureDeviceModels, type Role } from '@rushes/fleet'
import { freePort } from '@rushes/test-kit'
import { pino } from 'pino'
import type { Config } from '../../src/config.ts'
import { type Limits, limits } from '../../src/limits.ts'
import type { Cage } from '../../src/media/run-limited.ts'
import { prepareDatabase } from '../../src/prepare-database.ts'
import { type RunningIngest, startIngest } from '../../src/start-ingest.ts'
import { ana } from './pair.ts'
import { clipsInBucket, clipsInFolder, type StoredClips } from './stored-clips.ts'
import { createTestBucket, onS3, type TestBucket } from './test-bucket.ts'

export const clientSecret = 'the-secret-of-all-units'
export const viewerCookie = 'session=ana'
export const operatorCookie = 'session=ola'

const roleOfCookie = new Map<string, Role>([
  [viewerCookie, 'viewer'],
  [operatorCookie, 'operator'],
])

export type TestIngest = {
  url: string
  database: TestDatabase
  /** The folder of the store, where it is one. */
  dir: string
  /** The bucket of the store, where it is one. */
  bucket: TestBucket | null
  stored: StoredClips
  config: Config
  projectId: string
  logLines: string[]
  createProject(name: string): Promise<string>
  /** Stops it and starts it again on the same database and store. */
  restart(): Promise<void>
  /** Does something to database and folder that a running one would notice. */
  whileStopped(work: () => Promise<unknown>): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Ingest with a database and a store of its own, a folder or, in runs on S3, a bucket; listening on loopback. */
export async function startTestIngest(
  options: {
    limits?: Partial<Limits>
    config?: Partial<Config>
    clock?: () => Date
    /** With one, clips are looked into. */
    cage?: Cage | null
    /** Gives the address of something that stands between ingest and the database. */
    through?: (databaseUrl: string) => Promise<string>
    /** The same between the store and its bucket. */
    storeThrough?: (endpoint: string) => Promise<string>
    /** The folder of the store, where it is one; left out: a fresh one. */
    dir?: string
    /** Works on the database and folder of this one, which outlives it. */
    beside?: TestIngest
  } = {},
): Promise<TestIngest> {
  const { beside } = options
  const [database, dir, port] = await Promise.all([
    beside?.database ?? createTestDatabase({ maxConnections: 8 }),
    beside?.dir ?? options.dir ?? mkdtemp(join(tmpdir(), 'rushes-ingest-')),
    freePort(),
  ])
  const bucket = beside !== undefined ? beside.bucket : onS3() ? await createTestBucket(options.storeThrough) : null
  await ensureDeviceModels(database, { clientSecret })
  const url = `http://127.0.0.1:${port}`
  const config: Config = {
    databaseUrl: database.connectionString,
    store: bucket?.config ?? { kind: 'folder', dir },
    host: '127.0.0.1',
    port,
    publicUrl: 'https://rushes.test',
    ingestUrl: url,
    secrets: ['a-secret-for-tests-only'],
    clientSecret,
    rateLimits: 'default',
    scrub: { everyDays: 0, bytesPerSecond: 1_000_000_000 },
    trustedProxies: [],
    storeQuotaBytes: null,
    storeLowBytes: 1,
    metricsPort: null,
    drainMs: 6_000,
    ...options.config,
  }
  const logLines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logLines.push(line) })
  const throughUrl = await options.through?.(database.connectionString)
  const handle = await prepareDatabase(throughUrl ?? database.connectionString, log)
  const start = () =>
    startIngest({
      config,
      limits: {
        ...limits,
        sweepEveryMs: 200,
        lookEveryMs: 100,
        firstLookMs: 200,
        reserveBytes: 1024 * 1024,
        ...options.limits,
      },
      log,
      database: handle,
      cage: options.cage ?? null,
      clock: options.clock ?? (() => new Date()),
      roleOf: async (headers) => roleOfCookie.get(headers.get('cookie') ?? '') ?? null,
    })
  const makeProject = async (name: string) => {
    const made = await createProject({ db: database.db, now: new Date(), actor: ana }, { name, timezone: 'UTC' })
    if (made.kind !== 'created') throw new Error(made.kind)
    return made.project.id
  }
  const forget = async () => {
    await handle.close()
    if (beside !== undefined) return
    await database.drop()
    await bucket?.drop()
    await rm(dir, { recursive: true, force: true })
  }
  let running: RunningIngest = await start().catch(async (error: unknown) => {
    await forget()
    throw error
  })
  const whileStopped = async (work: () => Promise<unknown>) => {
    await running.stop()
    await work()
    running = await start()
  }
  const stop = async () => {
    await running.stop()
    await forget()
  }
  return {
    url,
    database,
    dir,
    bucket,
    stored: bucket === null ? clipsInFolder(dir) : clipsInBucket(bucket, database),
    config,
    logLines,
    projectId: beside?.projectId ?? (await makeProject('Harbour Nights')),
    createProject: makeProject,
    restart: () => whileStopped(async () => undefined),
    whileStopped,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
