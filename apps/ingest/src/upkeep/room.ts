/** How much more the store may take in. */
export type Room = {
  /** In bytes, 0 at least; null where the store does not tell and no quota is set. Looked at again after a moment. */
  bytes(): Promise<number | null>
  /** Counts bytes against the quota that came since the store was last measured. */
  took(bytes: number): void
}

/** Many parts of many uploads ask at once; what comes in meanwhile is far less than the reserve. */
const freshMs = 250
/** Adding up every clip takes the database a moment. */
const measureEveryMs = 60_000

export type RoomLimits = {
  freeBytes: () => Promise<number | null>
  /** Left free on the volume: the database may live there as well. */
  reserveBytes: number
  /** The most that the store may hold; null for no limit. */
  quotaBytes: number | null
  /** What it holds. */
  storedBytes: () => Promise<number>
  monotonicMs: () => number
}

export function createRoom(limits: RoomLimits): Room {
  let last: { atMs: number; bytes: Promise<number | null> } | undefined
  let measured: { atMs: number; storedBytes: number } | undefined
  let tookBytes = 0

  const ofVolume = async () => {
    const freeBytes = await limits.freeBytes()
    return freeBytes === null ? null : freeBytes - limits.reserveBytes
  }
  const ofQuota = async () => {
    if (limits.quotaBytes === null) return null
    const nowMs = limits.monotonicMs()
    if (measured === undefined || nowMs - measured.atMs > measureEveryMs) {
      const before = tookBytes
      measured = { atMs: nowMs, storedBytes: await limits.storedBytes() }
      tookBytes -= before // what comes in while this adds up may be counted twice, until the next time
    }
    return limits.quotaBytes - measured.storedBytes - tookBytes
  }
  const look = async (): Promise<number | null> => {
    const [volume, quota] = await Promise.all([ofVolume(), ofQuota()])
    if (volume === null && quota === null) return null
    return Math.max(0, Math.min(volume ?? Number.POSITIVE_INFINITY, quota ?? Number.POSITIVE_INFINITY))
  }
  return {
    bytes() {
      const nowMs = limits.monotonicMs()
      if (last === undefined || nowMs - last.atMs > freshMs) {
        const bytes = look()
        last = { atMs: nowMs, bytes }
        // A failure is told to those who asked; whoever asks next looks again.
        bytes.catch(() => {
          last = undefined
        })
      }
      return last.bytes
    },
    took(bytes) {
      tookBytes += bytes
      // What is counted here is known at once; only looking at a volume costs something.
      if (limits.quotaBytes !== null) last = undefined
    },
  }
}
