import { getRawAsset, isSea } from 'node:sea'
import { Worker } from 'node:worker_threads'
import { errorMessage } from '../agent-error.ts'
import { sleep } from '../sleep.ts'
import {
  type CourierData,
  createSpeaker,
  type Errand,
  type FromCourier,
  type Speaker,
  type ToCourier,
} from './courier-messages.ts'
import { isReadAtOnce } from './part-body.ts'
import type { PartOutcome, PutPart } from './port.ts'
import { judgeTransfer } from './put-part.ts'
import type { PartTransfer } from './transfer-part.ts'

/** Sends small parts from a thread of its own while there are many: what reading and sending takes, the queue's thread need not find time for. */
export type Courier = {
  /** What became of the part; null: it is to go the ordinary way, and none of it has left. */
  put(request: PutPart): Promise<PartOutcome | null> | null
  /** Ends the thread; what it has not answered by then is never said. */
  close(): Promise<void>
}

export type CourierOptions = Omit<CourierData, 'mayHaveLeft'> & {
  /** So many small parts within a second are worth a thread, and the memory that it takes. */
  worthThread?: number
  /** A thread that has had no more than that to do for so long ends. */
  idleMs?: number
  /** Longest time for which the thread may not answer before it is taken for hanging. */
  hangsAfterMs?: number
  /** With less memory left than this on the machine, or for this service, no thread is begun. */
  roomyBytes?: number
  /** Its program, where it is another one. */
  program?: URL
}

type Job = { request: PutPart; resolve(transfer: PartTransfer | null): void }
/** A thread that was begun. */
type Running = {
  worker: Worker
  to: Speaker<ToCourier>
  /** Whether it has answered since it was begun. */
  isAwake: boolean
  jobs: Map<number, Job>
  mayHaveLeft: Uint8Array
  /** Looks since a question was asked that has no answer yet; null: none was. Time alone would say too much where the machine slept. */
  looksUnanswered: number | null
  /** It is given nothing more, and ends when it has done what it was given. */
  isRetiring: boolean
  /** Parts that it has ended in the time that is looked at, and when that began. */
  done: { count: number; sinceMs: number }
  /** How long the system kept it for each of its files, of late. */
  inCallsMs: number
  looking: NodeJS.Timeout
}

/** It is looked at so often in the time after which it is taken for hanging. */
const looksUntilHanging = 4
/** After it has failed (a bug), or where memory is scarce, it is not begun for so long. */
const restMs = 60_000
/** Longer for a file than this, and it is better read where several can be at once. */
const slowCallsMs = 5
/** Many times what it is given at once. */
const markCount = 1_024
const stalled: PartTransfer = { kind: 'failed', failure: { kind: 'stalled' } }
/** It holds a few parts of half a megabyte at a time, which are none of this. */
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

export function createCourier(options: CourierOptions): Courier {
  const {
    worthThread = 50,
    idleMs = 30_000,
    hangsAfterMs = 2_000,
    roomyBytes = 268_435_456,
    program,
    ...data
  } = options
  let running: Running | null = null
  /** Threads that have not ended: one that hangs in the system cannot be made to. */
  const ending = new Set<Promise<unknown>>()
  let nextId = 0
  let secondBeganMs = Number.NEGATIVE_INFINITY
  let inSecond = 0
  let restsUntilMs = Number.NEGATIVE_INFINITY

  const isWorthThread = () => {
    const now = performance.now()
    if (now - secondBeganMs > 1_000) {
      secondBeganMs = now
      inSecond = 0
    }
    inSecond++
    if (inSecond < worthThread || now < restsUntilMs || ending.size > 0) return false
    if (process.availableMemory() >= roomyBytes) return true
    restsUntilMs = now + restMs
    return false
  }

  const failed = (error: unknown) => {
    restsUntilMs = performance.now() + restMs
    process.emitWarning(`the thread that sends small parts has failed: ${errorMessage(error)}`)
  }

  const begin = () => {
    const mayHaveLeft = new Uint8Array(new SharedArrayBuffer(markCount))
    const workerData: CourierData = { ...data, mayHaveLeft }
    const worker = new Worker(program ?? programHere(), { name: 'courier', workerData, resourceLimits })
    const thread: Running = {
      ...{ worker, mayHaveLeft, isAwake: false, jobs: new Map(), looksUnanswered: 0, isRetiring: false, inCallsMs: 0 },
      done: { count: 0, sinceMs: performance.now() },
      to: createSpeaker((all) => worker.postMessage(all)),
      looking: setInterval(() => look(thread), hangsAfterMs / looksUntilHanging).unref(),
    }
    worker.on('message', (all: FromCourier[]) => {
      for (const message of all) hear(thread, message)
    })
    worker.on('error', failed)
    worker.on('exit', () => void dismiss(thread))
    worker.unref() // after its listeners, which hold the process
    running = thread
  }

  const hear = (thread: Running, message: FromCourier) => {
    if (message.kind === 'awake') {
      if (!thread.isAwake) thread.done = { count: 0, sinceMs: performance.now() }
      thread.isAwake = true
      thread.looksUnanswered = null
      return
    }
    thread.done.count++
    // One file that takes long says little of the others.
    thread.inCallsMs += (Math.min(message.inCallsMs, 10 * slowCallsMs) - thread.inCallsMs) / 32
    if (thread.inCallsMs > slowCallsMs) {
      thread.isRetiring = true
      restsUntilMs = performance.now() + restMs
    }
    const job = thread.jobs.get(message.id)
    if (job === undefined) return // it was aborted, or given to the ordinary way
    thread.jobs.delete(message.id)
    job.resolve(message.transfer)
    if (message.takenBytes > 0) job.request.onBytes(message.takenBytes)
  }

  const look = (thread: Running) => {
    if (thread.looksUnanswered !== null) {
      thread.looksUnanswered++
      if (thread.isAwake && thread.looksUnanswered >= looksUntilHanging) {
        process.emitWarning('the thread that sends small parts does not answer; its parts go another way')
        void dismiss(thread)
      }
    } else if (thread.jobs.size > 0) {
      thread.looksUnanswered = 0
      thread.to.sayNow({ kind: 'ask' })
    } else if (thread.isRetiring) void dismiss(thread)
    if (performance.now() - thread.done.sinceMs < idleMs) return
    if (thread.done.count < worthThread) thread.isRetiring = true
    thread.done = { count: 0, sinceMs: performance.now() }
  }

  /** What it has not answered goes the ordinary way; where it may be on its way already it counts as stalled, so that it is asked for first. */
  const dismiss = (thread: Running): Promise<unknown> => {
    if (running === thread) running = null
    clearInterval(thread.looking)
    const ended = thread.worker.terminate()
    thread.worker.unref()
    ending.add(ended)
    void ended.finally(() => ending.delete(ended))
    for (const [id, { resolve }] of thread.jobs)
      resolve(Atomics.load(thread.mayHaveLeft, id % markCount) === 0 ? null : stalled)
    thread.jobs.clear()
    return ended
  }

  return {
    put(request) {
      const errand = errandOf(request)
      if (errand === null || request.signal.aborted) return null
      if (running === null && isWorthThread()) {
        try {
          begin()
        } catch (error) {
          failed(error)
        }
      }
      if (running === null || !running.isAwake || running.isRetiring) return null
      return send(running, request, errand, nextId++)
    },
    async close() {
      restsUntilMs = Number.POSITIVE_INFINITY
      if (running === null) return
      // One that hangs is left to the system, for which the end of the process then waits.
      const patience = new AbortController()
      await Promise.race([dismiss(running), sleep(hangsAfterMs, patience.signal)])
      patience.abort()
    },
  }
}

async function send(thread: Running, request: PutPart, errand: Errand, id: number): Promise<PartOutcome | null> {
  const transfer = await new Promise<PartTransfer | null>((resolve) => {
    const { signal } = request
    const end = (ended: PartTransfer | null) => {
      signal.removeEventListener('abort', onAbort)
      resolve(ended)
    }
    const onAbort = () => {
      thread.to.sayNow({ kind: 'abort', id })
      thread.jobs.delete(id)
      end({ kind: 'aborted' })
    }
    signal.addEventListener('abort', onAbort, { once: true })
    thread.jobs.set(id, { request, resolve: end })
    Atomics.store(thread.mayHaveLeft, id % markCount, 0)
    thread.to.say({ kind: 'put', id, errand })
  })
  return transfer && judgeTransfer(request, transfer)
}

/** What is read whole before it leaves, and by nobody else. */
function errandOf({ signal: _signal, onBytes: _onBytes, onRead, ...errand }: PutPart): Errand | null {
  const isPlain = onRead === undefined && typeof errand.file.path === 'string'
  return isPlain && isReadAtOnce(errand.file, null) ? errand : null
}

/** In the single executable there are no files beside the program: there its text lies. */
function programHere(): URL {
  if (!isSea()) return new URL('./courier-thread.ts', import.meta.url)
  return new URL(`data:text/javascript;base64,${Buffer.from(getRawAsset('courier-thread')).toString('base64')}`)
}
