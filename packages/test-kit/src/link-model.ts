import { dueEvents } from './due-events.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A line that many connections share, as its narrowest place makes it. */
export type LinkShape = {
  bitsPerSecond: number
  roundTripMs: number
  /** Most of a connection that may be on its way unconfirmed, whatever the line would take. */
  windowBytes: number
  /** Of every packet the chance to be lost, besides those that find no room before the narrowest place. */
  lossRate: number
}

export type Link = {
  connect(onDelivered: (byteCount: number) => void): LinkConnection
  /** Lets everything happen that is due by then. Time only goes forward. */
  advance(nowMs: number): void
  /** When something is due next; null while nothing is on its way. */
  nextAtMs(): number | null
}

export type LinkConnection = {
  /** Takes bytes to be sent; there is no bound but the caller's own, who is told by `waitingBytes`. */
  send(byteCount: number): void
  /** Taken and not delivered yet. */
  waitingBytes(): number
  /** What is on its way is dropped. */
  close(): void
}

const packetBytes = 1_460
/** Packets that are sent, and lost, together: keeps the number of events small, and is what network cards do. */
const segmentBytes = 6 * packetBytes
const firstWindowBytes = 10 * packetBytes

/**
 * A line in a model of TCP: connections begin slowly, double what they have on its way with every round trip up to their window, give up three tenths of it when
 * something is lost, and come back to what they had along a cubic curve over some seconds (CUBIC, RFC 9438, as Linux and macOS do). All share one narrowest place with room for the bytes of one
 * round trip (50 ms at least); what finds no room there is lost. What is lost is sent again after a round trip; the model does not hold back what was sent after it.
 * Pure: time is what `advance` is told, in milliseconds from any beginning.
 */
export function createLink(shape: LinkShape, random: Pick<SeededRandom, 'chance'>): Link {
  const { roundTripMs, windowBytes } = shape
  const bytesPerMs = shape.bitsPerSecond / 8_000
  const roomBytes = Math.max(2 * segmentBytes, bytesPerMs * Math.max(roundTripMs, 50))
  const segmentLossRate = 1 - (1 - shape.lossRate) ** (segmentBytes / packetBytes)
  const due = dueEvents()
  let nowMs = 0
  /** When the narrowest place has passed on all that is before it. */
  let freeAtMs = 0

  const isLost = () => random.chance(segmentLossRate) || (freeAtMs - nowMs) * bytesPerMs > roomBytes

  function connect(onDelivered: (byteCount: number) => void): LinkConnection {
    let [waitingBytes, unsentBytes, unconfirmedBytes] = [0, 0, 0]
    let congestionWindowBytes = firstWindowBytes
    /** The last sign of congestion, and what was on its way then. */
    let lost: { atMs: number; windowBytes: number } | null = null
    let isOpen = false
    let isClosed = false

    const sendMore = () => {
      while (isOpen && unsentBytes > 0) {
        const byteCount = Math.min(segmentBytes, unsentBytes)
        if (unconfirmedBytes > 0 && unconfirmedBytes + byteCount > Math.min(congestionWindowBytes, windowBytes)) return
        unsentBytes -= byteCount
        unconfirmedBytes += byteCount
        const sentAtMs = nowMs
        if (isLost()) {
          due.add(Math.max(freeAtMs, nowMs) + roundTripMs, () => lose(byteCount, sentAtMs))
          continue
        }
        freeAtMs = Math.max(freeAtMs, nowMs) + byteCount / bytesPerMs
        due.add(freeAtMs + roundTripMs / 2, () => deliver(byteCount))
        due.add(freeAtMs + roundTripMs, () => confirm(byteCount))
      }
    }
    const deliver = (byteCount: number) => {
      if (isClosed) return
      waitingBytes -= byteCount
      onDelivered(byteCount)
    }
    const confirm = (byteCount: number) => {
      unconfirmedBytes -= byteCount
      if (lost === null) congestionWindowBytes += byteCount
      else congestionWindowBytes = Math.max(congestionWindowBytes, cubicBytes(lost.windowBytes, nowMs - lost.atMs))
      congestionWindowBytes = Math.min(congestionWindowBytes, windowBytes)
      sendMore()
    }
    const lose = (byteCount: number, sentAtMs: number) => {
      unconfirmedBytes -= byteCount
      unsentBytes += byteCount
      // What was lost of one window is one sign of congestion.
      if (lost === null || sentAtMs >= lost.atMs) {
        lost = { atMs: nowMs, windowBytes: congestionWindowBytes }
        congestionWindowBytes = Math.max(congestionWindowBytes * keptByLoss, 2 * packetBytes)
      }
      sendMore()
    }
    due.add(nowMs + roundTripMs, () => {
      isOpen = true
      sendMore()
    })
    return {
      send(byteCount) {
        waitingBytes += byteCount
        unsentBytes += byteCount
        sendMore()
      },
      waitingBytes: () => waitingBytes,
      close() {
        isClosed = true
        unsentBytes = 0
      },
    }
  }

  return {
    connect,
    advance(untilMs) {
      for (let event = due.takeBy(untilMs); event !== null; event = due.takeBy(untilMs)) {
        nowMs = Math.max(nowMs, event.atMs)
        event.happen()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
    nextAtMs: () => due.firstAtMs(),
  }
}

const keptByLoss = 0.7

/** What CUBIC has on its way so long after a loss at a window; its constant is 0.4 packets per cubed second. */
function cubicBytes(lostAtBytes: number, sinceMs: number): number {
  const lostAtPackets = lostAtBytes / packetBytes
  const recoverySeconds = Math.cbrt((lostAtPackets * (1 - keptByLoss)) / 0.4)
  return (0.4 * (sinceMs / 1_000 - recoverySeconds) ** 3 + lostAtPackets) * packetBytes
}
