/** One part on its way. */
export type Sending = {
  /** Aborted when its upload must stop, or when the agent does. */
  signal: AbortSignal
  addBytes(byteCount: number): void
  end(): void
}

/** What is being sent right now: to stop it, and to tell how far it is. */
export type InFlight = {
  begin(uploadId: string, stop: AbortSignal): Sending
  abort(uploadId: string): void
  /** Bytes handed to the network of parts that are not acknowledged yet. */
  bytesOf(uploadId: string): number
  rateBytesPerSecond(): number
  count(): number
  /** Since the beginning: bytes handed to the network, and parts that ended, however they did. */
  totals(): { bytes: number; ended: number }
}

const bucketMs = 250
const bucketCount = 20

export function createInFlight(monotonicNow: () => number, onBytes: () => void): InFlight {
  const sendings = new Map<string, Set<{ controller: AbortController; bytes: number }>>()
  /** One listener for all parts that end with a signal: it looks through all of its own for each that comes or goes. */
  const stopping = new WeakMap<AbortSignal, Set<AbortController>>()
  const totals = { bytes: 0, ended: 0 }
  const buckets = new Float64Array(bucketCount)
  let currentBucket = Math.floor(monotonicNow() / bucketMs)

  const advance = () => {
    const bucket = Math.floor(monotonicNow() / bucketMs)
    for (let passed = currentBucket + 1; passed <= bucket && passed <= currentBucket + bucketCount; passed++) {
      buckets[passed % bucketCount] = 0
    }
    currentBucket = bucket
  }

  const stoppingWith = (stop: AbortSignal) => {
    const known = stopping.get(stop)
    if (known !== undefined) return known
    const controllers = new Set<AbortController>()
    stopping.set(stop, controllers)
    const onStop = () => {
      for (const controller of controllers) controller.abort()
    }
    stop.addEventListener('abort', onStop, { once: true })
    return controllers
  }

  return {
    begin(uploadId, stop) {
      const sending = { controller: new AbortController(), bytes: 0 }
      const ofUpload = sendings.get(uploadId) ?? new Set()
      sendings.set(uploadId, ofUpload.add(sending))
      const { controller } = sending
      const withStop = stoppingWith(stop).add(controller)
      if (stop.aborted) controller.abort()
      return {
        signal: controller.signal,
        addBytes(byteCount) {
          advance()
          sending.bytes += byteCount
          totals.bytes += byteCount
          const index = currentBucket % bucketCount
          buckets[index] = (buckets[index] ?? 0) + byteCount
          onBytes()
        },
        end() {
          withStop.delete(controller)
          // Called again it does nothing: by then another part of the upload may be on its way.
          if (!ofUpload.delete(sending)) return
          totals.ended++
          if (ofUpload.size === 0) sendings.delete(uploadId)
        },
      }
    },
    abort(uploadId) {
      for (const { controller } of sendings.get(uploadId) ?? []) controller.abort()
    },
    bytesOf(uploadId) {
      let bytes = 0
      for (const sending of sendings.get(uploadId) ?? []) bytes += sending.bytes
      return bytes
    },
    rateBytesPerSecond() {
      advance()
      return buckets.reduce((sum, bytes) => sum + bytes, 0) / ((bucketCount * bucketMs) / 1000)
    },
    totals: () => ({ ...totals }),
    count: () => [...sendings.values()].reduce((sum, ofUpload) => sum + ofUpload.size, 0),
  }
}
