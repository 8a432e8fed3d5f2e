import { leaseRules, noLoss, observeLoss, type RetryLimits, retryLimits } from '@rushes/upload-core'
import type { Logger } from 'pino'
import type { Destination } from '../destination/port.ts'
import { createGroupCommit } from '../queue/group-commit.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { type PartClaim, renewPart, returnPart } from '../queue/part-claims.ts'
import { endWaitsFor, rescueClaims } from '../queue/waits.ts'
import { sleep } from '../sleep.ts'
import { adaptConcurrency, maxSending } from './adapt-concurrency.ts'
import { createApiGate } from './api-gate.ts'
import { atMostEvery } from './at-most-every.ts'
import { type Authorization, createAuthorization } from './authorization.ts'
import { createPace } from './create-pace.ts'
import { digestNextFile } from './digest-files.ts'
import { createDigestsInOrder } from './digests-in-order.ts'
import { createDoorbell, type Doorbell } from './doorbell.ts'
import { type CustodyTries, followCustody } from './follow-custody.ts'
import { createGate, type LinkCondition } from './gate.ts'
import { createGrowers } from './growers.ts'
import { createHandOver } from './hand-over.ts'
import { createInFlight, type InFlight } from './in-flight.ts'
import { keepAuthorized } from './keep-authorized.ts'
import { keepGoing, workWhileThereIs } from './keep-going.ts'
import { keepTime } from './keep-time.ts'
import { registerFiles } from './register.ts'
import { sendParts } from './send-part.ts'
import { warnOfPairingEnd } from './warn-of-pairing-end.ts'
import { watchSources } from './watch-sources.ts'

export type EngineOptions = {
  queue: Queue
  /** The destination of a pairing; one object per server. */
  destinationOf(link: UploadLink): Destination
  /** Parts sent at once, of either class; null: found by measuring. */
  workers: number | null
  /** Where measuring begins. */
  startAt: number
  stallMs: number
  limits?: RetryLimits
  random(): number
  rescan(): Promise<void>
  /** Told of a path under which a sender has met another file than the one that is known, or a shorter one. */
  lookAnew?(path: string): void
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

/** Enough to keep the parts of small files flowing. */
const registrarCount = 32
/** A sender that asks a medium which does not answer where its file is holds none of the places that others may take. */
const spareSenders = 8
/** Uploads that have addresses, which grow old. */
const maxOpenAssets = 64
/**
 * Of small files there is news with every flush, and nearly none of it is for those who wait at the general bell: they would look into the queue
 * for nothing, hundreds of times a second.
 */
const ringAtMostEveryMs = 25

/** Starts the uploader on a queue: takes back the claims of the process before, then works until it is stopped. */
export function startEngine(options: EngineOptions): Engine {
  const { queue, log, random, workers } = options
  const limits = options.limits ?? retryLimits
  const draining = new AbortController()
  const stop = new AbortController()
  const bell = createDoorbell()
  // One waiter does what there is to do and wakes the next if there is more: dozens that all look at once would cost more than the work.
  const partBell = createDoorbell()
  const createBell = createDoorbell()
  // Senders wait here until so many parts may be on their way: before that they would only look for what they may not take.
  const senderBell = createDoorbell()
  const ringing = atMostEvery(ringAtMostEveryMs, bell.ring)
  const ringAll = () => {
    for (const each of [bell, partBell, createBell, senderBell]) each.ring()
  }
  const inFlight = createInFlight(
    () => performance.now(),
    () => queue.tell({ kind: 'progress' }),
  )
  const gate = createGate({
    probe: () => probe(queue, options.destinationOf, stop.signal),
    now: queue.now,
    random,
    limits,
    signal: draining.signal,
    onOpen() {
      endWaitsFor(queue, ['offline', 'destinationDown'])
      ringAll()
    },
    onChange: () => queue.tell({ kind: 'status' }),
  })
  // Nobody asks for its health: only time ends it.
  const limited = createGate({
    ...{ probe: async () => true, now: queue.now, random, limits, signal: draining.signal, onOpen: ringAll },
    onChange: () => queue.tell({ kind: 'status' }),
  })
  const apiGate = createApiGate(gate, limited)
  const rescued = rescueClaims(queue, random, limits)
  if (rescued.parts + rescued.registrations > 0) log.info(rescued, 'took back what the process before had begun')
  endWaitsFor(queue, ['offline', 'destinationDown', 'awaitingFence', 'authorizationLost'])
  const stopListening = queue.listen((news) => {
    if (news.kind === 'status' || news.kind === 'work') {
      ringing.call()
      partBell.wakeOne()
      createBell.wakeOne()
    }
    if (news.kind === 'growth') ringing.call()
    if (news.kind === 'asked') apiGate.hurry()
    growers.hear(news)
    if (news.kind === 'abort') {
      inFlight.abort(news.uploadId)
      for (const claim of handOver.drop(news.uploadId)) returnPart(queue, claim)
    }
  })

  const authorization = createAuthorization({ queue, destinationOf: options.destinationOf, log, signal: stop.signal })
  const judging = { queue, gate, authorization, random, limits }
  const calling = { ...judging, gate: apiGate }
  const pace = createPace()
  const custodyTries: CustodyTries = new Map()
  const digests = createDigestsInOrder()
  const handOver = createHandOver(
    partBell,
    // What one transaction claims is given only after it: that there are not more than senders, the claim sees to itself.
    () => gate.isOpen() && !draining.signal.aborted,
    (claim) => renewPart(queue, claim, performance.now() + leaseRules.leaseMs),
  )
  let registering = 0
  const commit = createGroupCommit(queue, () => inFlight.count() > 0 || registering > 1)
  let loss = noLoss
  const { signal } = draining
  const adapting =
    workers === null ? adaptConcurrency({ ...options, inFlight, partBell, senderBell, bell, signal }) : null
  if (workers !== null) queue.partLimits = { small: workers, large: workers, all: workers }
  const senderCount = workers ?? maxSending.small + maxSending.large
  const watched = new WeakMap<Destination, Destination>()
  const destinationOf = (link: UploadLink) => {
    const plain = options.destinationOf(link)
    const known = watched.get(plain)
    if (known !== undefined) return known
    const paced = pace.watch(plain)
    const destination = adapting === null ? paced : adapting.watch(paced)
    watched.set(plain, destination)
    return destination
  }
  const growers = createGrowers({ ...calling, destinationOf, log, signal: stop.signal })
  const work = (on: Doorbell, once: (onLook: () => void) => Promise<boolean>) =>
    workWhileThereIs(gate, on, signal, log, once)
  const call = (on: Doorbell, once: (onLook: () => void) => Promise<boolean>) =>
    workWhileThereIs(apiGate, on, signal, log, once)

  const returnAtEnd = (claim: PartClaim) => {
    try {
      returnPart(queue, claim)
    } catch (error) {
      log.warn({ err: error, uploadId: claim.upload.id }, 'the next start takes this part back')
    }
  }

  const running = [
    ...Array.from({ length: registrarCount }, () =>
      call(createBell, async (onLook) => {
        await pace.next(signal)
        registering++
        return registerFiles({
          ...calling,
          destinationOf,
          commit,
          handOver,
          maxOpenAssets,
          linkLoss: () => loss,
          onLook,
          // Two at first: of many files that come at once the last registrar then begins after a few flushes, not after thirty.
          onClaim() {
            createBell.wakeOne()
            if (registering < registrarCount / 2) createBell.wakeOne()
          },
          pace,
          log,
          draining: signal,
          signal: stop.signal,
        }).finally(() => {
          registering--
        })
      }),
    ),
    ...Array.from({ length: senderCount }, async (_, index) => {
      while (index >= queue.partLimits.small + queue.partLimits.large + spareSenders && !signal.aborted)
        await senderBell.wait(senderBell.rings, 30_000, signal)
      return work(partBell, (onLook) =>
        sendParts({
          ...judging,
          destinationOf,
          inFlight,
          digests,
          commit,
          handOver,
          onClaim: () => partBell.wakeOne(),
          observe(part) {
            loss = observeLoss(loss, part)
          },
          stallMs: options.stallMs,
          rescan: options.rescan,
          lookAnew: (path) => options.lookAnew?.(path),
          log,
          onLook,
          draining: signal,
          stop: stop.signal,
        }),
      )
    }),
    ...growers.lanes.map((lane) => work(bell, lane)),
    work(bell, () => digestNextFile({ queue, inFlight, random, log, signal: stop.signal })),
    call(bell, () => followCustody({ ...calling, destinationOf, log, signal: stop.signal }, custodyTries)),
    keepGoing(signal, log, () => keepAuthorized({ queue, authorization, gate, bell, log, random, signal })),
    keepGoing(signal, log, () => keepTime(queue, bell, random, limits, signal)),
    keepGoing(signal, log, () => warnOfPairingEnd(queue, log, signal)),
    keepGoing(signal, log, () => watchSources(queue, signal)),
    ...(adapting === null ? [] : adapting.loops.map((loop) => keepGoing(signal, log, loop))),
  ]

  return {
    authorization,
    inFlight,
    linkCondition: apiGate.condition,
    async stop(drainMs) {
      draining.abort()
      ringAll()
      const finished = Promise.all(running)
      const patience = new AbortController()
      await Promise.race([finished, sleep(drainMs, patience.signal)])
      patience.abort()
      stop.abort()
      await finished
      stopListening()
      ringing.end()
      for (const left of handOver.drop(null)) returnAtEnd(left)
    },
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
