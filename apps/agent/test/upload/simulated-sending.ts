import { createLink, type LinkConnection, type LinkShape, seededRandom } from '@rushes/test-kit'

/** Parts of one size without end, sent over a line in simulated time by as many connections as `limit` allows. */
export type SimulatedSending = {
  limit: number
  /** How many are on their way: more than the limit for a while after it went down, since what was begun is finished. */
  sending(): number
  /** Lets so much time pass; what connections took and what arrived in it, in bytes. */
  pass(durationMs: number): { takenBytes: number; arrivedBytes: number }
}

/** What a sender hands over at once, and what the system takes of a connection before it says that it is full. */
const chunkBytes = 524_288
const socketBufferBytes = 1_048_576

export function simulateSending(shape: LinkShape, partBytes: number, seed: number): SimulatedSending {
  const link = createLink(shape, seededRandom(seed))
  const idle: { connection: LinkConnection; begin: () => void }[] = []
  const totals = { takenBytes: 0, arrivedBytes: 0 }
  let [sending, nowMs] = [0, 0]
  const simulated = { limit: 1, sending: () => sending, pass }

  function connect() {
    let [leftBytes, onItsWayBytes] = [0, 0]
    const fill = () => {
      while (leftBytes > 0 && connection.waitingBytes() < socketBufferBytes) {
        const byteCount = Math.min(chunkBytes, leftBytes)
        leftBytes -= byteCount
        totals.takenBytes += byteCount
        connection.send(byteCount)
      }
    }
    const connection = link.connect((byteCount) => {
      totals.arrivedBytes += byteCount
      onItsWayBytes -= byteCount
      if (onItsWayBytes > 0) return fill()
      sending--
      idle.push({ connection, begin })
      beginMore()
    })
    const begin = () => {
      sending++
      leftBytes = partBytes
      onItsWayBytes = partBytes
      fill()
    }
    return { connection, begin }
  }
  function beginMore() {
    while (sending < simulated.limit) (idle.pop() ?? connect()).begin()
  }
  function pass(durationMs: number) {
    const before = { ...totals }
    beginMore()
    nowMs += durationMs
    link.advance(nowMs)
    return {
      takenBytes: totals.takenBytes - before.takenBytes,
      arrivedBytes: totals.arrivedBytes - before.arrivedBytes,
    }
  }
  return simulated
}
