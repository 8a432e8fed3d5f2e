import { type RetryLimits, retryLimits } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import type { Destination } from '../destination/port.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { boundOutbox } from '../queue/outbox.ts'
import { endWaits, endWaitsFor, nextDueAt, rescueClaims, sweepLeases } from '../queue/waits.ts'
import { sleep } from '../sleep.ts'
import { type Authorization, createAuthorization } from './authorization.ts'
import { createDoorbell } from './doorbell.ts'
import { type CustodyTries, followCustody } from './follow-custody.ts'
import { createGate, type Gate, type LinkCondition } from './gate.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { keepAuthorized } from './keep-authorized.ts'
import { registerNext } from './register.ts'
import { sendParts } from './send-part.ts'
import { watchSources } from './watch-sources.ts'

export type EngineOptions = {
  queue: Queue
  /** The destination of a pairing; one object per server. */
  destinationOf(link: UploadLink): Destination
  workers: number
  stallMs: number
  limits?: RetryLimits
  random(): number
  rescan(): Promise<void>
  log: Logger
}

/** The running uploader. */
export type Engine = {
  authorization: Authorization
  inFlight: InFlight
  linkCondition(): LinkCondition
  /** Lets what is on its way finish for at most `drainMs`, then gives it back uncounted; resolves when nothing runs any more. */
  stop(drainMs: number): Promise<void>
}

/** Two registrars are enough to keep the parts of small files flowing, and few enough not to run into limits of creates per second. */
const registrarCount = 2
const sweepEveryMs = 15_000

/** Starts the uploader on a queue: takes back the claims of the process before, then works until it is stopped. */
export function startEngine(options: EngineOptions): Engine {
  const { queue, destinationOf, log, random, workers } = options
  const limits = options.limits ?? retryLimits
  const draining = new AbortController()
  const stop = new AbortController()
  const bell = createDoorbell()
  const inFlight = createInFlight(
    () => performance.now(),
    () => queue.tell({ kind: 'progress' }),
  )
  const gate = createGate({
    probe: () => probe(queue, destinationOf, stop.signal),
    now: queue.now,
    random,
    limits,
    signal: draining.signal,
    onOpen() {
      endWaitsFor(queue, ['offline', 'destinationDown'])
      bell.ring()
    },
    onChange: () => queue.tell({ kind: 'status' }),
  })
  const rescued = rescueClaims(queue, random, limits)
  if (rescued.parts + rescued.registrations > 0) log.info(rescued, 'took back what the process before had begun')
  endWaitsFor(queue, ['offline', 'destinationDown', 'awaitingFence', 'authorizationLost'])
  const stopListening = queue.listen((news) => {
    if (news.kind === 'work' || news.kind === 'status') bell.ring()
    if (news.kind === 'abort') inFlight.abort(news.uploadId)
  })

  const authorization = createAuthorization({ queue, destinationOf, log, signal: stop.signal })
  const judging = { queue, gate, authorization, random, limits }
  const custodyTries: CustodyTries = new Map()
  const { signal } = draining
  const workWhileThereIs = (work: () => Promise<boolean>) => loop(gate, bell, signal, log, work)

  const running = [
    ...Array.from({ length: registrarCount }, () =>
      workWhileThereIs(() =>
        registerNext({ ...judging, destinationOf, maxOpenAssets: Math.max(4, workers * 2), log, signal: stop.signal }),
      ),
    ),
    ...Array.from({ length: workers }, () =>
      workWhileThereIs(() =>
        sendParts({
          ...judging,
          destinationOf,
          inFlight,
          stallMs: options.stallMs,
          rescan: options.rescan,
          log,
          draining: signal,
          stop: stop.signal,
        }),
      ),
    ),
    workWhileThereIs(() => followCustody({ ...judging, destinationOf, log, signal: stop.signal }, custodyTries)),
    keepGoing(signal, log, () => keepAuthorized({ queue, authorization, gate, bell, log, random, signal })),
    keepGoing(signal, log, () => keepTime(queue, bell, random, limits, signal)),
    keepGoing(signal, log, () => watchSources(queue, signal)),
  ]

  return {
    authorization,
    inFlight,
    linkCondition: gate.condition,
    async stop(drainMs) {
      draining.abort()
      bell.ring()
      const finished = Promise.all(running)
      const patience = new AbortController()
      await Promise.race([finished, sleep(drainMs, patience.signal)])
      patience.abort()
      stop.abort()
      await finished
      stopListening()
    },
  }
}

/** Works while the gate is open and there is work, waits for the bell otherwise. */
function loop(
  gate: Gate,
  bell: ReturnType<typeof createDoorbell>,
  signal: AbortSignal,
  log: Logger,
  work: () => Promise<boolean>,
): Promise<void> {
  return keepGoing(signal, log, async () => {
    while (!signal.aborted) {
      await gate.whenOpen(signal)
      if (signal.aborted) return
      const seen = bell.rings
      if (!(await work())) await bell.wait(seen, 30_000, signal)
    }
  })
}

/** Begins again after a fault that nobody foresaw (a full disk, a bug): what was claimed then is taken back when its lease ends. */
async function keepGoing(signal: AbortSignal, log: Logger, run: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await run()
    } catch (error) {
      log.error({ err: error, message: errorMessage(error) }, 'a part of the uploader failed and begins again')
      await sleep(1_000, signal)
    }
  }
}

/** Ends waits when their time has come, takes back claims that ran out, keeps the outbox within its bound. */
async function keepTime(
  queue: Queue,
  bell: ReturnType<typeof createDoorbell>,
  random: () => number,
  limits: RetryLimits,
  signal: AbortSignal,
): Promise<void> {
  let sweptAt = performance.now()
  while (!signal.aborted) {
    endWaits(queue)
    if (performance.now() - sweptAt >= sweepEveryMs) {
      sweptAt = performance.now()
      sweepLeases(queue, sweptAt, random, limits)
      boundOutbox(queue)
    }
    const dueAt = nextDueAt(queue)
    const isDue = dueAt !== null && dueAt <= queue.now()
    // What is due wakes the workers, who do not watch the clock themselves; those that are busy take it when they are done.
    if (isDue) bell.ring()
    const waitMs = isDue ? 1_000 : dueAt === null ? sweepEveryMs : Math.min(sweepEveryMs, dueAt - queue.now())
    await bell.wait(bell.rings, waitMs, signal)
    // A busy queue rings often; the time of day need not be looked at more often than this.
    await sleep(20, signal)
  }
}

async function probe(
  queue: Queue,
  destinationOf: (link: UploadLink) => Destination,
  signal: AbortSignal,
): Promise<boolean> {
  const link = readUploadLink(queue)
  if (link === null) return true
  return (await destinationOf(link).health(signal)).kind === 'healthy'
}
