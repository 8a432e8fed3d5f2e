import type { DatabaseHandle } from '@rushes/db'
import type { Role } from '@rushes/fleet'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createAssemble } from './assembly/assemble.ts'
import { createKeyedQueue } from './assembly/keyed-queue.ts'
import { createSweeper } from './assembly/sweep.ts'
import type { Config } from './config.ts'
import { startScrubbing } from './custody/start-scrubbing.ts'
import { createVerify } from './custody/verify.ts'
import { createDatabaseCall } from './database-call.ts'
import { createRateLimiter } from './http/rate-limiter.ts'
import { createSeenTokens } from './http/seen-tokens.ts'
import type { Limits } from './limits.ts'
import { createIngestPartUrls } from './parts/ingest-part-urls.ts'
import { createPartSigner } from './parts/part-signer.ts'
import { createReceptions } from './parts/receptions.ts'
import { repeat } from './repeat.ts'
import { buildServer } from './server.ts'
import { StartError } from './start-error.ts'
import { isErrno } from './store/folder/errno.ts'
import { openStore } from './store/open-store.ts'

export type RunningIngest = {
  /** The port that it listens on, also where 0 was asked for. */
  port: number
  /** Takes no more requests, lets those in flight end, finishes what runs in the background. Safe to call twice. */
  stop(): Promise<void>
}

export type IngestParts = {
  config: Config
  limits: Limits
  log: Logger
  database: DatabaseHandle
  clock: () => Date
  /** The role of whom these cookies belong to; null: nobody is signed in. */
  roleOf: (headers: Headers) => Promise<Role | null>
}

/**
 * Puts ingest together and starts it: what a crash left is mended before the first request is taken.
 *
 * @throws StartError `storeUnusable`, `storeUnreachable`, `portTaken`, `addressUnusable`
 */
export async function startIngest(parts: IngestParts): Promise<RunningIngest> {
  const { config, limits, log, database, clock } = parts
  const stopping = new AbortController()
  const call = createDatabaseCall({ db: database.db, clock, waitMs: limits.databaseWaitMs, log })
  const signer = createPartSigner(config.secrets)
  const onWhole = (assetId: string) => void assemblies.add(assetId)
  const { store, receivePart, noticeParts, mend, chores } = await openStore(config.store, {
    call,
    clock,
    limits,
    log,
    ingestPartUrls: createIngestPartUrls({ signer, ingestUrl: config.ingestUrl }),
    onWhole,
    signal: stopping.signal,
  })

  const verify = createVerify({ call, store, log, signal: stopping.signal })
  const verifications = createKeyedQueue({ name: 'verify', concurrency: 2, maxWaiting: 10_000, work: verify, log })
  const onReadyToVerify = (assetId: string) => void verifications.add(assetId)
  const assemble = createAssemble({ call, store, log, onReadyToVerify })
  const assemblies = createKeyedQueue({ name: 'assemble', concurrency: 8, maxWaiting: 10_000, work: assemble, log })
  const sweeper = createSweeper({ call, noticeParts, assemblies, verifications, log, graceMs: limits.graceMs })

  await mend()
  await sweeper()

  const receptions = createReceptions({ call })
  const app = buildServer(
    {
      call,
      clock,
      log,
      limits,
      limiter: createRateLimiter(config.rateLimits),
      seenTokens: createSeenTokens(),
      publicUrl: config.publicUrl,
      ingestUrl: config.ingestUrl,
      store,
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
  const port = await listen(app, config)
  const loops = [
    repeat({ name: 'sweep', everyMs: limits.sweepEveryMs, work: sweeper, log, signal: stopping.signal }),
    ...startScrubbing({ call, store, log, signal: stopping.signal, clock, limits, timetable: config.scrub }),
    repeat({
      name: 'end unwanted',
      everyMs: limits.lookEveryMs,
      work: receptions.endUnwanted,
      log,
      signal: stopping.signal,
    }),
    ...chores.map((chore) => repeat({ ...chore, log, signal: stopping.signal })),
  ]
  let stopped: Promise<void> | undefined
  const stop = async () => {
    const late = setTimeout(() => {
      log.warn('uploads in flight did not end in time; their devices send the parts again')
      app.server.closeAllConnections()
    }, limits.drainMs)
    await app.close()
    clearTimeout(late)
    stopping.abort()
    await Promise.all([assemblies.stop(), verifications.stop(), ...loops])
  }
  return {
    port,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

async function listen(app: FastifyInstance, config: Config): Promise<number> {
  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (cause) {
    if (isErrno(cause, 'EADDRINUSE'))
      throw new StartError(
        'portTaken',
        `port ${config.port} of ${config.host} is taken by another program`,
        'Stop that program, or choose another port with RUSHES_INGEST_PORT',
        cause,
      )
    throw new StartError(
      'addressUnusable',
      `cannot listen on ${config.host}, port ${config.port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Set RUSHES_HOST to an address of this machine, for example RUSHES_HOST=0.0.0.0, and RUSHES_INGEST_PORT above 1023',
      cause,
    )
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : config.port
}
