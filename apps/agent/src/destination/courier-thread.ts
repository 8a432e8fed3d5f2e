/** The thread of `createCourier`: reads small parts and sends them, as the main thread does, where what comes of it is judged. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { trustAuthorities } from '../network-settings.ts'
import { type CourierData, createSpeaker, type FromCourier, type ToCourier } from './courier-messages.ts'
import { createDispatcher } from './create-dispatcher.ts'
import { openAtOnce } from './open-at-once.ts'
import type { OpenFile } from './part-source.ts'
import { isSuccess, type PartTransfer, transferPart } from './transfer-part.ts'

if (parentPort === null) throw new Error('this is the program of a thread')
const port = parentPort
const { maxPartsInFlight, proxy, caFile, allowInsecure, mayHaveLeft }: CourierData = workerData
trustAuthorities(caFile)
const settings = { dispatcher: createDispatcher({ maxPartsInFlight, proxy }), allowInsecure }
const underWay = new Map<number, AbortController>()
const { say, sayNow } = createSpeaker<FromCourier>((all) => port.postMessage(all))

/** Heard and not done yet, in the order in which it was said. */
const heard: ToCourier[] = []
let isDoing = false
const hear = (all: ToCourier[]) => {
  for (const message of all) {
    const aborted = message.kind === 'abort' ? underWay.get(message.id) : undefined
    if (aborted === undefined) heard.push(message)
    else aborted.abort()
  }
  if (isDoing) return
  isDoing = true
  for (let next = heard.shift(); next !== undefined; next = heard.shift()) {
    // Now: the turn may be a long one, of many files that are slow to read.
    if (next.kind === 'ask') sayNow({ kind: 'awake' })
    else if (next.kind === 'abort') underWay.get(next.id)?.abort()
    else void put(next)
  }
  isDoing = false
}
port.on('message', hear)
say({ kind: 'awake' })

async function put({ id, errand }: Extract<ToCourier, { kind: 'put' }>): Promise<void> {
  const controller = new AbortController()
  underWay.set(id, controller)
  let [takenBytes, inCallsMs] = [0, 0]
  const onBytes = (byteCount: number) => {
    takenBytes += byteCount
  }
  const request = { ...errand, signal: controller.signal, onBytes }
  const transfer = await transferPart(
    settings,
    request,
    heedful(
      (ms) => {
        inCallsMs += ms
      },
      () => Atomics.store(mayHaveLeft, id % mayHaveLeft.length, 1),
    ),
  )
  underWay.delete(id)
  say({ kind: 'ended', id, transfer: lean(transfer), takenBytes, inCallsMs })
}

/** Without the headers of a success that nobody looks at: each of them costs on its way. */
function lean(transfer: PartTransfer): PartTransfer {
  if (transfer.kind !== 'replied' || !isSuccess(transfer.reply)) return transfer
  const { 'content-type': contentType, etag } = transfer.reply.headers
  return { ...transfer, reply: { ...transfer.reply, headers: { 'content-type': contentType, etag } } }
}

/** The system may keep a call for long: what was aborted meanwhile must not leave, so that is heard before anything else happens. */
function heedful(onCall: (ms: number) => void, onRead: () => void): OpenFile {
  const heeding =
    <Given extends unknown[], T>(call: (...given: Given) => Promise<T>) =>
    (...given: Given): Promise<T> => {
      const begunMs = performance.now()
      const called = call(...given)
      onCall(performance.now() - begunMs)
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
        hear(next.message)
      return called
    }
  return heeding(async (path) => {
    const { stat, read, realPathOf, realPath, close } = await openAtOnce(path)
    const reading: typeof read = (...given) => {
      const bytes = read(...given)
      onRead()
      return bytes
    }
    return {
      stat: heeding(stat),
      read: heeding(reading),
      realPathOf: heeding(realPathOf),
      realPath: heeding(realPath),
      close: heeding(close),
    }
  })
}
