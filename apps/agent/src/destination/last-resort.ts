/** The guide's limit for a part: past it, and from then on as often, a part that moves is asked whether it will ever arrive. */
export const lastResortMs = 1_800_000
/** Signed addresses live this long; a part that would take longer cannot arrive. */
const addressLifetimeMs = 86_400_000

/**
 * Whether a part that moves is to be given up all the same: at the rate that it has had it would outlive its address. A fixed limit would
 * make large parts impossible on slow lines, where a gigabyte takes hours and arrives.
 */
export function isHopeless(part: { sizeBytes: number; takenBytes: number; elapsedMs: number }): boolean {
  const { sizeBytes, takenBytes, elapsedMs } = part
  if (elapsedMs < lastResortMs || takenBytes >= sizeBytes) return false
  return takenBytes === 0 || (elapsedMs / takenBytes) * sizeBytes > addressLifetimeMs
}
