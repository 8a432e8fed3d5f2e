import type { DeviceStatus, LifecycleEvent, UploadReport } from '@rushes/protocol'
import type {
  CommandOrder,
  CommandProgress,
  ExecutionOutcome,
  FinalOutcome,
  LinkIdentity,
  LinkPort,
  ProgressReport,
  RecordedOutcome,
  Unsubscribe,
} from '../../src/link-port.ts'

/** A command that was begun and that the test ends. */
export type BegunCommand = {
  order: CommandOrder
  progress: (progress: CommandProgress) => void
  signal: AbortSignal
  finish: (outcome?: FinalOutcome) => void
  /** The agent is stopped in the middle: it returns, and records nothing. */
  stopHalfWay: (outcome: FinalOutcome) => void
  /** The database fails in the middle: no outcome is recorded. */
  breakOff: (error: Error) => void
}

/** The rest of the agent, in memory: it stands for the durable queue, so it outlives the link that is run on it. */
export type FakePort = LinkPort & {
  /** How often the link has read something that costs a query. */
  reads: { uploads: number; events: number; status: number; progress: number }
  listenerCount(): number
  setIdentity(identity: LinkIdentity | null): void
  setStatus(change: Partial<DeviceStatus>): void
  setUploads(uploads: UploadReport[]): void
  appendNotices(count: number, message?: string): void
  outbox(): LifecycleEvent[]
  moveBytes(progress: ProgressReport): void
  /** From now on the test ends commands; until then each succeeds at once. */
  holdCommands(): void
  begun: BegunCommand[]
  /** Executions whose effect took place, one entry for each time. */
  effects: string[]
  record(executionId: string, outcome: ExecutionOutcome): void
  /** Every method that reads throws that from now on; null heals. */
  breakWith(error: Error | null): void
}

const recordedAt = '2026-11-22T11:59:00.000Z'

export function createFakePort(identity: LinkIdentity | null): FakePort {
  let current = identity
  let status = emptyStatus
  let uploads: UploadReport[] = []
  let events: LifecycleEvent[] = []
  let newestSeq = 0
  let moving: ProgressReport = { rateBytesPerSecond: 0, uploads: [] }
  let areCommandsHeld = false
  let broken: Error | null = null
  const reads = { uploads: 0, events: 0, status: 0, progress: 0 }
  const executions = new Map<string, { commandId: string; outcome: ExecutionOutcome; isStored: boolean }>()
  const begun: BegunCommand[] = []
  const effects: string[] = []
  const identityChanged = listeners()
  const statusChanged = listeners()
  const eventAppended = listeners()
  const progressed = listeners()
  const work = () => {
    if (broken !== null) throw broken
  }

  const finish = (order: { executionId: string; commandId: string }, outcome: FinalOutcome): FinalOutcome => {
    const known = executions.get(order.executionId)?.outcome
    if (known !== undefined && isFinal(known)) return known
    if (outcome.state === 'succeeded') effects.push(order.executionId)
    executions.set(order.executionId, { commandId: order.commandId, outcome, isStored: false })
    return outcome
  }

  return {
    reads,
    begun,
    effects,
    identity: () => current,
    onIdentityChanged: identityChanged.add,
    status: () => {
      work()
      reads.status += 1
      return status
    },
    onStatusChanged: statusChanged.add,
    uploadCount: () => uploads.length,
    uploads: (afterId, limit) => {
      work()
      reads.uploads += 1
      const start = afterId === null ? 0 : uploads.findIndex((upload) => upload.id > afterId)
      return start === -1 ? [] : uploads.slice(start, start + limit)
    },
    lastSeq: () => newestSeq,
    includedSeq: () => newestSeq,
    pendingEvents: (afterSeq, limit) => {
      work()
      reads.events += 1
      return events.filter((event) => event.seq > afterSeq).slice(0, limit)
    },
    eventsStored: (lastSeq) => {
      events = events.filter((event) => event.seq > lastSeq)
    },
    onEvent: eventAppended.add,
    progress: () => {
      work()
      reads.progress += 1
      return moving
    },
    onProgress: progressed.add,
    recordedOutcome: (executionId) => {
      work()
      return executions.get(executionId)?.outcome ?? null
    },
    runCommand: (order, progress, signal) => {
      const known = executions.get(order.executionId)?.outcome
      if (known !== undefined && isFinal(known)) return Promise.resolve(known)
      executions.set(order.executionId, {
        commandId: order.commandId,
        outcome: { state: 'acknowledged' },
        isStored: false,
      })
      const { promise, resolve, reject } = Promise.withResolvers<FinalOutcome>()
      begun.push({
        order,
        progress,
        signal,
        finish: (outcome = succeeded) => resolve(finish(order, signal.aborted ? { state: 'cancelled' } : outcome)),
        stopHalfWay: resolve,
        breakOff: reject,
      })
      if (!areCommandsHeld) begun.at(-1)?.finish()
      return promise
    },
    recordOutcome: finish,
    pendingOutcomes: () => {
      work()
      return [...executions].flatMap(([executionId, { commandId, outcome, isStored }]): RecordedOutcome[] =>
        isStored || !isFinal(outcome) ? [] : [{ executionId, commandId, outcome, at: recordedAt }],
      )
    },
    outcomeStored: (executionId) => {
      const known = executions.get(executionId)
      if (known !== undefined && isFinal(known.outcome)) known.isStored = true
    },

    listenerCount: () => statusChanged.count() + eventAppended.count() + progressed.count(),
    setIdentity: (next) => {
      current = next
      identityChanged.tell()
    },
    setStatus: (change) => {
      status = { ...status, ...change }
      statusChanged.tell()
    },
    setUploads: (next) => {
      uploads = next
    },
    appendNotices: (count, message = 'something happened') => {
      for (let index = 0; index < count; index += 1) {
        newestSeq += 1
        events.push({
          seq: newestSeq,
          bootId: 'boot-1',
          at: recordedAt,
          body: { kind: 'notice', code: 'test', message },
        })
      }
      eventAppended.tell()
    },
    outbox: () => events,
    moveBytes: (progress) => {
      moving = progress
      progressed.tell()
    },
    holdCommands: () => {
      areCommandsHeld = true
    },
    record: (executionId, outcome) => {
      executions.set(executionId, { commandId: executionId, outcome, isStored: false })
    },
    breakWith: (error) => {
      broken = error
    },
  }
}

const isFinal = (outcome: ExecutionOutcome): outcome is FinalOutcome =>
  outcome.state !== 'acknowledged' && outcome.state !== 'running'

export const succeeded: FinalOutcome = {
  state: 'succeeded',
  result: { fileCount: 1, byteCount: 2, idsXxh64: null, summary: 'done' },
}

const emptyStatus: DeviceStatus = {
  project: null,
  projectEpoch: 0,
  destination: 'http://127.0.0.1:3002',
  destinationIsOurs: true,
  hold: null,
  blockedBy: null,
  uploadLink: { state: 'up', lastSuccessAt: null, lastError: null },
  counts: {},
  bytes: { captured: 0, acknowledged: 0, verified: 0, waiting: 0 },
  rateBytesPerSecond: 0,
  volumes: [],
}

function listeners() {
  const all = new Set<() => void>()
  return {
    add: (listener: () => void): Unsubscribe => {
      all.add(listener)
      return () => all.delete(listener)
    },
    tell: () => {
      for (const listener of all) listener()
    },
    count: () => all.size,
  }
}

/** An upload as the port tells it; ids sort by their number. */
export const uploadReport = (number: number, path = `/card/clip-${number}.mov`): UploadReport => ({
  id: `upload-${String(number).padStart(6, '0')}`,
  path,
  sizeBytes: 1_000,
  capturedAt: recordedAt,
  projectId: 'project-1',
  state: 'queued',
  reason: null,
  partsDone: 0,
  partsTotal: 1,
  bytesAcknowledged: 0,
  attempts: 0,
  error: null,
  assetId: null,
  nextAttemptAt: null,
  updatedAt: recordedAt,
})

export const uploadReports = (count: number, path?: string): UploadReport[] =>
  Array.from({ length: count }, (_, index) => uploadReport(index + 1, path))
