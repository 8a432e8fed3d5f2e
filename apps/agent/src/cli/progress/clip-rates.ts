import type { ClipProgress } from '../../local-api/operations.ts'

/** How fast each clip goes up, from one look to the next. */
export type ClipRates = ReadonlyMap<string, { atMs: number; sentBytes: number; bytesPerSecond: number }>

/** A look counts as much as all before it after this long; shorter, and the figures dance. */
const halfLifeMs = 2_000

/**
 * The rates after another look. Of bytes handed to the network and acknowledged alike, so that a clip moves between acknowledgements too;
 * a part that has to go again takes its bytes back, which counts as no movement. Clips that are not in the look are forgotten.
 */
export function followRates(before: ClipRates, clips: readonly ClipProgress[], atMs: number): ClipRates {
  return new Map(
    clips.map(({ id, bytesAcknowledged, bytesLost = 0, bytesInFlight }) => {
      const sentBytes = bytesAcknowledged - bytesLost + bytesInFlight
      const last = before.get(id)
      if (last === undefined || atMs <= last.atMs) return [id, last ?? { atMs, sentBytes, bytesPerSecond: 0 }]
      const elapsedMs = atMs - last.atMs
      const now = (Math.max(0, sentBytes - last.sentBytes) / elapsedMs) * 1_000
      const weight = last.bytesPerSecond === 0 ? 1 : 1 - 0.5 ** (elapsedMs / halfLifeMs)
      return [id, { atMs, sentBytes, bytesPerSecond: last.bytesPerSecond + weight * (now - last.bytesPerSecond) }]
    }),
  )
}
