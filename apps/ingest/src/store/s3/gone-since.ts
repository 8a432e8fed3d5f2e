/** Remembers since when uploads have been missing, a bounded number of them. */
export type GoneSince = { longEnough(assetId: string): boolean }

const maxKnown = 1_000

export function createGoneSince(goneForMs: number): GoneSince {
  const sinceMs = new Map<string, number>()
  return {
    longEnough(assetId) {
      const nowMs = performance.now()
      const since = sinceMs.get(assetId)
      if (since === undefined) {
        if (sinceMs.size >= maxKnown) sinceMs.clear() // whoever is forgotten is only given more time
        sinceMs.set(assetId, nowMs)
      }
      return nowMs - (since ?? nowMs) >= goneForMs
    },
  }
}
