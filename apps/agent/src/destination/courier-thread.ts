/** The thread of `createCourier`: reads small parts and sends them, as `putPart` does on the main thread. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { trustAuthorities } from '../network-settings.ts'
import { type CourierData, createSpeaker, type FromCourier, type ToCourier } from './courier-messages.ts'
import { createDispatcher } from './create-dispatcher.ts'
import { openAtOnce } from './open-at-once.ts'
import type { OpenFile } from './part-source.ts'
import { putPart } from './put-part.ts'

if (parentPort === null) throw new Error('this is the program of a thread')
const port = parentPort
const { maxPartsInFlight, proxy, caFile, allowInsecure }: CourierData = workerData
trustAuthorities(caFile)
const settings = { dispatcher: createDispatcher({ maxPartsInFlight, proxy }), allowInsecure }
const underWay = new Map<number, AbortController>()
const { say, sayNow } = createSpeaker<FromCourier>((all) => port.postMessage(all))

const hear = (all: ToCourier[]) => {
  for (const message of all) {
    // Now: the turn may be a long one, of many files that are slow to read.
    if (message.kind === 'ask') sayNow({ kind: 'awake' })
    else if (message.kind === 'abort') underWay.get(message.id)?.abort()
    else void put(message)
  }
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
  const outcome = await putPart(
    settings,
    request,
    heedful((ms) => {
      inCallsMs += ms
    }),
  )
  underWay.delete(id)
  say({ kind: 'ended', id, outcome, takenBytes, inCallsMs })
}

/** The system may keep a call for long: what was aborted meanwhile must not leave. */
function heedful(onCall: (ms: number) => void): OpenFile {
  const heeding =
    <Given extends unknown[], T>(call: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      const begunMs = performance.now()
      try {
        return await call(...given)
      } finally {
        onCall(performance.now() - begunMs)
        for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
          hear(next.message)
      }
    }
  return heeding(async (path) => {
    const file = await openAtOnce(path)
    return {
      stat: heeding(file.stat),
      read: heeding(file.read),
      realPath: heeding(file.realPath),
      close: heeding(file.close),
    }
  })
}
