import type { Logger } from 'pino'
import { AgentError } from '../agent-error.ts'
import { readBootId } from '../boot-id.ts'
import type { CaptureClock, WatchFolder } from '../capture/capture-port.ts'
import { startCapture } from '../capture/start-capture.ts'
import { type AgentFile, defaultWorkers, proxyOfEnvironment, supervisorOfEnvironment } from '../config.ts'
import { requireAddress } from '../destination/address.ts'
import { createDestinationPool } from '../destination-pool.ts'
import { startLink } from '../link/start-link.ts'
import type { RunningLink } from '../link-port.ts'
import { queueOperations } from '../local-api/queue-operations.ts'
import { serveLocalApi } from '../local-api/serve.ts'
import { proxyControlLink } from '../network-settings.ts'
import { noteServerTime } from '../queue/capture-clock.ts'
import { createDiskReserve, type DiskReserve } from '../queue/disk-reserve.ts'
import { readControlLink, readUploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { keepPairingCopy } from '../queue/pairing-copy.ts'
import { openOrRebuildQueue, rebuildQueue } from '../queue/rebuild-queue.ts'
import { prepareStateDir, waitForStateLock } from '../queue/state-dir.ts'
import { maxSending } from '../upload/adapt-concurrency.ts'
import { startEngine } from '../upload/engine.ts'
import { keepGoing } from '../upload/keep-going.ts'
import { clearVanished } from './clear-vanished.ts'
import { createLinkPort } from './create-link-port.ts'
import { readDeviceStatus } from './device-status.ts'
import { guardDisk } from './guard-disk.ts'
import { keepSpool } from './keep-spool.ts'
import { notifySupervisor } from './notify-supervisor.ts'
import { refuseOwnFolder } from './refuse-own-folder.ts'
import { createCommandRunner } from './run-command.ts'
import { settleRebuilt } from './settle-rebuilt.ts'
import { knownFilesOf, takeInFiles } from './take-in-files.ts'

export type RunOptions = {
  stateDir: string
  file: AgentFile
  watch: readonly WatchFolder[]
  allowInsecure: boolean
  log: Logger
  /** Aborted when the agent is to end. */
  signal: AbortSignal
  /** Called once everything runs. */
  onReady?(): void
}

/**
 * The daemon: takes the lock, opens the queue, and starts uploader, capture, local API and control link, in this order; ends them in the
 * opposite order when the signal aborts. Rejects with `STATE_DIR_LOCKED`, `CONFIG_INVALID`, `NOT_PAIRED`,
 * `PLAIN_HTTP_REFUSED` or what opening the queue throws.
 */
export async function runAgent(options: RunOptions): Promise<void> {
  const { stateDir, watch } = options
  prepareStateDir(stateDir)
  refuseOwnFolder(
    stateDir,
    watch.map(({ path }) => path),
  )
  const lock = await waitForStateLock(stateDir, options.signal)
  if (lock === null) {
    throw new AgentError(
      'STATE_DIR_LOCKED',
      `another agent runs with ${stateDir}`,
      'Only one agent can use a state folder; give this one another with --state-dir.',
    )
  }
  try {
    const reserve = createDiskReserve(stateDir)
    const opening = { stateDir, bootId: readBootId(), reserve }
    let queue = openOrRebuildQueue(opening, options.log)
    while (await runUntilDamaged(options, queue, reserve)) queue = rebuildQueue(opening, options.log)
  } finally {
    lock.release()
  }
}

/** Runs until the signal aborts; true when it had to end because the queue turned out to be damaged. */
async function runUntilDamaged(options: RunOptions, queue: Queue, reserve: DiskReserve): Promise<boolean> {
  try {
    const link = readUploadLink(queue)
    if (link === null) {
      throw new AgentError('NOT_PAIRED', 'this device is not paired', 'Pair it first: rushes-agent pair --server URL')
    }
    // Nothing could be sent there, and every try would count against a clip.
    requireAddress(link.serverUrl, options.allowInsecure)
    keepPairingCopy(queue, options.stateDir)
    await runOnQueue(options, queue, reserve)
  } catch (error) {
    if (!queue.damaged.aborted) throw error
    options.log.error({ err: error }, 'the queue is damaged')
  } finally {
    queue.close()
  }
  return queue.damaged.aborted && !options.signal.aborted
}

async function runOnQueue(
  { stateDir, file, watch, allowInsecure, log, signal, onReady }: RunOptions,
  queue: Queue,
  reserve: DiskReserve,
): Promise<void> {
  const workers = file.workers ?? null
  const proxy = proxyOfEnvironment()
  proxyControlLink(proxy)
  const maxPartsInFlight = workers ?? maxSending.small + maxSending.large
  const onServerTime = (serverNowMs: number) => {
    try {
      noteServerTime(queue, serverNowMs)
    } catch (error) {
      // The reply that told it is good all the same, and the next one tells it again.
      log.warn({ err: error }, 'could not note the time of the server')
    }
  }
  const pool = createDestinationPool({ ...file, maxPartsInFlight, allowInsecure, proxy, onServerTime })
  const stopped = new AbortController()
  const ending: Array<() => Promise<unknown>> = [() => pool.close()]
  try {
    const engine = startEngine({
      queue,
      destinationOf: pool.of,
      workers,
      startAt: defaultWorkers(),
      stallMs: file.stallMs,
      ...(file.retry === undefined ? {} : { limits: { ...file.retry, attemptsPerJob: 10, jobs: 3 } }),
      random: Math.random,
      rescan: () => capture.rescan(),
      lookAnew: (path) => capture.lookAnew(path),
      log,
    })
    ending.unshift(() => engine.stop(file.drainMs))
    const capture = startCapture({
      folders: watch,
      known: knownFilesOf(queue),
      listener: takeInFiles(queue, log),
      clock: systemClock,
      log,
      settleMs: file.settleMs,
      ownFolder: stateDir,
    })
    ending.unshift(() => capture.stop())
    const clearing = clearVanished(queue, { capture, log, signal: stopped.signal })
    ending.unshift(() => clearing)
    const { signal: stopping } = stopped
    const guarding = keepGoing(stopping, log, () => guardDisk({ queue, stateDir, reserve, log, signal: stopping }))
    ending.push(() => guarding)

    const settling = keepGoing(stopping, log, () =>
      settleRebuilt({ queue, destinationOf: pool.of, log, random: Math.random, signal: stopping }),
    )
    ending.unshift(() => settling)
    const keeping = keepGoing(stopping, log, () => keepSpool({ queue, stateDir, log, signal: stopping }))
    ending.unshift(() => keeping)

    let link: RunningLink | null = null
    const live = () => ({
      controlLink: readControlLink(queue) === null ? null : (link?.status() ?? null),
      link: engine.linkCondition(),
      rateBytesPerSecond: engine.inFlight.rateBytesPerSecond(),
      volumes: capture.volumes(),
      leftOut: { ...capture.counts().leftOut },
      bytesInFlightOf: engine.inFlight.bytesOf,
    })
    const { authorization, inFlight } = engine
    const api = await serveLocalApi({
      stateDir,
      operations: queueOperations({ queue, stateDir, pool, authorization, live, finishRecording: capture.finish }),
      log,
    })
    ending.unshift(() => api.stop())
    const runCommand = createCommandRunner({ queue, authorization, random: Math.random, stop: stopped.signal })
    const started = startLink({
      port: createLinkPort({ queue, inFlight, status: () => readDeviceStatus(queue, live()), runCommand }),
      log,
      allowInsecure,
    })
    link = started
    ending.unshift(() => started.stop())

    log.info({ stateDir, watch: watch.map(({ path }) => path), workers: workers ?? 'measured' }, 'agent runs')
    onReady?.()
    const supervisor = supervisorOfEnvironment()
    if (supervisor !== null) {
      const telling = keepGoing(stopping, log, () => notifySupervisor(queue, supervisor, { log, signal: stopping }))
      ending.push(() => telling)
    }
    await untilAborted(AbortSignal.any([signal, queue.damaged]))
    log.info('agent stops')
  } finally {
    stopped.abort()
    for (const end of ending) await end()
  }
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const systemClock: CaptureClock = {
  now: Date.now,
  monotonicMs: () => performance.now(),
  sleep: (durationMs, { signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, durationMs)
      signal.addEventListener('abort', onAbort, { once: true })
    }),
}
