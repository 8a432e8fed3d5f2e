import type { ProxySettings } from '../network-settings.ts'
import type { PutPart } from './port.ts'
import type { PartTransfer } from './transfer-part.ts'

/** What the thread is begun with. */
export type CourierData = {
  maxPartsInFlight: number
  proxy: ProxySettings
  caFile: string | null
  allowInsecure: boolean
  /** Shared: by the number of each part, modulo its length, 1 from when its bytes may be on their way. */
  mayHaveLeft: Uint8Array
}

/** Of a part, what can travel between threads. */
export type Errand = Omit<PutPart, 'signal' | 'onBytes' | 'onRead'>

export type ToCourier =
  | { kind: 'put'; id: number; errand: Errand }
  | { kind: 'abort'; id: number }
  /** Answered with `awake` when its turn comes, which it never does while the thread hangs in the system. */
  | { kind: 'ask' }

export type FromCourier =
  | { kind: 'awake' }
  /** `takenBytes`: what the connection took of it; `inCallsMs`: how long the system kept the thread in calls for its file. */
  | { kind: 'ended'; id: number; transfer: PartTransfer; takenBytes: number; inCallsMs: number }

export type Speaker<T> = {
  /** Together with what else is said within this turn of the event loop: each message wakes the other thread. */
  say(one: T): void
  /** At once, after what was said before. */
  sayNow(one: T): void
}

export function createSpeaker<T>(post: (all: T[]) => void): Speaker<T> {
  let all: T[] = []
  const flush = () => {
    const said = all
    all = []
    if (said.length > 0) post(said)
  }
  return {
    say(one) {
      if (all.push(one) === 1) setImmediate(flush)
    },
    sayNow(one) {
      all.push(one)
      flush()
    },
  }
}
