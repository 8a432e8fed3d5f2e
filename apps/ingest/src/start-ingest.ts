import type { DatabaseHandle } from '@rushes/db'
import { countStoredBytes, createWorkTurns, type Role } from '@rushes/fleet'
import type { Logger } from 'pino'
import { createAssemble } from './assembly/assemble.ts'
import { createKeyedQueue } from './assembly/keyed-queue.ts'
import { createSweeper } from './assembly/sweep.ts'
import type { Config } from './config.ts'
import { startScrubbing } from './custody/start-scrubbing.ts'
import { createVerify } from './custody/verify.ts'
import { createDatabaseCall } from './database-call.ts'
import { createBodiesInFlight } from './http/bodies-in-flight.ts'
import { createRateLimiter } from './http/rate-limiter.ts'
import { createSeenTokens } from './http/seen-tokens.ts'
import type { Limits } from './limits.ts'
import { listen } from './listen.ts'
import type { Cage } from './media/run-limited.ts'
import { startMedia } from './media/start-media.ts'
import { createMetrics } from './metrics/metrics.ts'
import { serveMetrics } from './metrics/serve-metrics.ts'
import { createIngestPartUrls } from './parts/ingest-part-urls.ts'
import { createPartSigner } from './parts/part-signer.ts'
import { createReceptions } from './parts/receptions.ts'
import { repeat } from './repeat.ts'
import { buildServer } from './server.ts'
import { openStore } from './store/open-store.ts'
import { startRetention } from './trash/start-retention.ts'
import { createDrain } from './upkeep/drain.ts'
import { createRoom, type Room } from './upkeep/room.ts'
import { createUpkeep } from './upkeep/upkeep.ts'

export type RunningIngest = {
  /** The port that it listens on, also where 0 was asked for. */
  port: number
  /** Of `/metrics`; null where it is not served. */
  metricsPort: number | null
  /** Takes no more parts, lets those in flight end, then stops, also what runs in the background. Safe to call twice. */
  stop(): Promise<void>
}

export type IngestParts = {
  config: Config
  limits: Limits
  log: Logger
  database: DatabaseHandle
  clock: () => Date
  /** How clips are looked into; null: not at all. */
  cage: Cage | null
  /** The role of whom these cookies belong to; null: nobody is signed in. */
  roleOf: (headers: Headers) => Promise<Role | null>
}

/**
 * Puts ingest together and starts it. What a crash left is mended while requests are served: none of it is in their way.
 *
 * @throws StartError `storeUnusable`, `storeIsAnother`, `storeUnreachable`, `portTaken`, `addressUnusable`
 */
export async function startIngest(parts: IngestParts): Promise<RunningIngest> {
  const { config, limits, log, database, clock } = parts
  const stopping = new AbortController()
  const call = createDatabaseCall({ db: database.db, clock, waitMs: limits.databaseWaitMs, log })
  const signer = createPartSigner(config.secrets)
  const onWhole = (assetId: string) => void assemblies.add(assetId)
  const metrics = createMetrics()
  const drain = createDrain()
  const turns = createWorkTurns(database)
  const opened = await openStore(config.store, {
    metrics,
    roomBytes: () => room.bytes(),
    onAcknowledged(sizeBytes) {
      room.took(sizeBytes)
      metrics.receivedPart(sizeBytes)
    },
    call,
    database: { db: database.db, url: config.databaseUrl },
    clock,
    limits,
    log,
    ingestPartUrls: createIngestPartUrls({ signer, ingestUrl: config.ingestUrl }),
    onWhole,
    signal: stopping.signal,
  })
  const { store, receivePart, noticeParts, keeper, chores } = opened
  const room: Room = createRoom({
    freeBytes: () => store.freeBytes(),
    reserveBytes: limits.reserveBytes,
    quotaBytes: config.storeQuotaBytes,
    storedBytes: () => call(countStoredBytes),
    monotonicMs: () => performance.now(),
  })

  const queue = (name: string, concurrency: number, work: (assetId: string) => Promise<unknown>) =>
    createKeyedQueue({ name, concurrency, maxWaiting: 10_000, work: async (id) => void (await work(id)), log })
  const verify = createVerify({ call, store, log, signal: stopping.signal, onDone: metrics.verified })
  const verifications = queue('verify', 2, (id) => turns.tryDo(`verify ${id}`, () => verify(id)))
  const onReadyToVerify = (assetId: string) => void verifications.add(assetId)
  const assemble = createAssemble({ call, store, log, clock, onDone: metrics.assembled, onReadyToVerify })
  // Those of many small clips share statements and syncs.
  const assemblies = queue('assemble', 64, async (id) => {
    if (keeper === null) await turns.tryDo(`assemble ${id}`, () => assemble(id))
    else if (keeper.isHeld()) await assemble(id)
    else keeper.tellWhole(id)
  })
  const sweeper = createSweeper({ call, noticeParts, assemblies, verifications, log, graceMs: limits.graceMs })

  const upkeep = createUpkeep({ config, watchEveryMs: limits.watchEveryMs, call, log, store, room, metrics })

  const receptions = createReceptions({ call })
  const app = buildServer(
    {
      call,
      clock,
      log,
      limits,
      limiter: createRateLimiter(config.rateLimits),
      seenTokens: createSeenTokens(),
      bodies: createBodiesInFlight(),
      publicUrl: config.publicUrl,
      ingestUrl: config.ingestUrl,
      store,
      room,
      metrics,
      drain,
      conditions: upkeep.conditions,
      signer,
      receivePart,
      noticeParts,
      receptions,
      onWhole,
      onReadyToVerify,
      roleOf: parts.roleOf,
      pingDatabase: async () => void (await database.pool.query('select 1')),
    },
    { trustedProxies: config.trustedProxies },
  )
  const undo: (() => Promise<void>)[] = [opened.close, turns.close]
  const undoAll = async () => {
    for (const step of undo.toReversed()) await step()
  }
  let metricsPort: number | null = null
  let port: number
  try {
    if (config.metricsPort !== null) {
      const server = await serveMetrics({ metrics, host: config.host, port: config.metricsPort, log })
      undo.push(server.close)
      metricsPort = server.port
    }
    port = await listen(app, config)
  } catch (error) {
    await undoAll()
    throw error
  }
  const { signal } = stopping
  const loops = [
    repeat({ name: 'sweep', everyMs: limits.sweepEveryMs, work: sweeper, atOnce: true, log, signal }),
    ...startMedia({ call, store, cage: parts.cage, log, clock, limits, signal }),
    ...startRetention({ call, store, log, clock, limits, signal }),
    ...startScrubbing({ call, store, log, signal: stopping.signal, clock, limits, timetable: config.scrub, metrics }),
    repeat({ name: 'end unwanted', everyMs: limits.lookEveryMs, work: receptions.endUnwanted, log, signal }),
    ...[...chores, ...upkeep.chores].map((chore) => repeat({ ...chore, log, signal })),
  ]
  let stopped: Promise<void> | undefined
  const stop = async () => {
    const endsAtMs = performance.now() + limits.drainMs
    metrics.set('draining', 1)
    await drain.begin(limits.drainMs)
    const late = setTimeout(() => {
      log.warn('requests in flight did not end in time and are cut off; devices send their parts again')
      app.server.closeAllConnections()
    }, endsAtMs - performance.now())
    await app.close()
    clearTimeout(late)
    stopping.abort()
    await Promise.all([assemblies.stop(), verifications.stop(), ...loops])
    await undoAll()
  }
  return {
    port,
    metricsPort,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
