import type { DeviceStatus } from '@rushes/protocol'
import type { LinkPort, Unsubscribe } from '../link-port.ts'
import { finishExecution, markOutcomeStored, pendingOutcomes, readExecution } from '../queue/executions.ts'
import { readControlLink, readOutboxId } from '../queue/links.ts'
import type { Queue, QueueNews } from '../queue/open-queue.ts'
import { forgetEvents, includedSeq, newestSeq, readEvents } from '../queue/outbox.ts'
import { countUploads, uploadsAfter, uploadsUnderWay } from '../queue/queue-reports.ts'
import type { InFlight } from '../upload/in-flight.ts'
import { agentVersion } from '../version.ts'
import type { createCommandRunner } from './run-command.ts'

export type LinkPortOptions = {
  queue: Queue
  inFlight: InFlight
  status(): DeviceStatus
  runCommand: ReturnType<typeof createCommandRunner>
}

/** Listeners of progress hear of it at most this often. */
const progressEveryMs = 250
const maxPendingOutcomes = 1_000

/** The port of the control link over the queue of a running agent. */
export function createLinkPort({ queue, inFlight, status, runCommand }: LinkPortOptions): LinkPort {
  const on = (kind: QueueNews['kind'], listener: () => void): Unsubscribe =>
    queue.listen((news) => news.kind === kind && listener())
  return {
    identity() {
      const control = readControlLink(queue)
      if (control === null) return null
      const { deviceId, deviceSecret, agentUrl } = control
      return { deviceId, deviceSecret, agentUrl, agentVersion, bootId: queue.bootId, outboxId: readOutboxId(queue) }
    },
    onIdentityChanged: (listener) => on('identity', listener),
    status,
    // Every fact about a clip changes the counts by state, and a summary that is older than the clips below it would be a lie.
    onStatusChanged: (listener) => {
      const unsubscribes = [on('status', listener), on('event', listener)]
      return () => {
        for (const unsubscribe of unsubscribes) unsubscribe()
      }
    },
    uploadCount: () => countUploads(queue),
    uploads: (afterId, limit) => uploadsAfter(queue, afterId, limit),
    lastSeq: () => newestSeq(queue),
    includedSeq: () => includedSeq(queue),
    pendingEvents: (afterSeq, limit) => readEvents(queue, afterSeq, limit),
    eventsStored: (lastSeq) => forgetEvents(queue, lastSeq),
    onEvent: (listener) => on('event', listener),
    progress: () => ({
      rateBytesPerSecond: inFlight.rateBytesPerSecond(),
      uploads: uploadsUnderWay(queue, 100).map((upload) => ({ ...upload, bytesInFlight: inFlight.bytesOf(upload.id) })),
    }),
    onProgress: (listener) => throttled(queue, listener),
    recordedOutcome: (executionId) => readExecution(queue, executionId),
    runCommand,
    recordOutcome: (order, outcome) => finishExecution(queue, order, outcome),
    pendingOutcomes: () => pendingOutcomes(queue, maxPendingOutcomes),
    outcomeStored: (executionId) => markOutcomeStored(queue, executionId),
  }
}

/** Tells of the first movement at once and of what follows at most every `progressEveryMs`, the last of it included. */
function throttled(queue: Queue, listener: () => void): Unsubscribe {
  let timer: NodeJS.Timeout | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  const unsubscribe = queue.listen(({ kind }) => {
    if (kind !== 'progress' || timer !== undefined) return
    const waitMs = Math.max(0, toldAt + progressEveryMs - performance.now())
    timer = setTimeout(() => {
      timer = undefined
      toldAt = performance.now()
      listener()
    }, waitMs)
  })
  return () => {
    unsubscribe()
    clearTimeout(timer)
  }
}
