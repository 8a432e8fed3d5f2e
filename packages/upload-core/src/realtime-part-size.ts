import { type PartLimits, partLimits } from './part-plan.ts'

/** Thrown for a part number that no upload can have: a bug of the caller. */
export class PartNumberError extends Error {
  override readonly name = 'PartNumberError'
  readonly code = 'PART_NUMBER_OUT_OF_RANGE'
  readonly hint: string

  constructor(partNumber: number, limits: PartLimits) {
    super(`part number ${partNumber} is not a whole number from 1 to ${limits.maxPartCount}`)
    this.hint = `Part numbers run from 1 to ${limits.maxPartCount}, both inclusive.`
  }
}

/**
 * Turns a measured or configured data rate into the one that an asset keeps for life: whole bytes per second between the minimum
 * part size and an equal share of the largest file. What is not a finite number counts as the minimum.
 *
 * It must be stored with the asset: another rate half-way would move every later offset and break the 5 TiB guarantee.
 */
export function freezeRate(bytesPerSecond: number, limits: PartLimits = partLimits): number {
  const maxRate = Math.floor(limits.maxFileSizeBytes / limits.maxPartCount)
  if (!Number.isFinite(bytesPerSecond)) return limits.minPartSizeBytes
  return Math.min(maxRate, Math.max(limits.minPartSizeBytes, Math.floor(bytesPerSecond)))
}

/**
 * Size in bytes of part `partNumber` of a growing file: `rate + floor(x · n²)` with `x` such that all parts together stay within the
 * largest file. Computed in exact integers, so that the sum never passes the limit by a rounding.
 *
 * `rate` is frozen first, so any number may be given. Throws `PART_NUMBER_OUT_OF_RANGE` outside 1..10,000.
 * Source: the real-time upload guide's recommended formula.
 */
export function realtimePartSize(partNumber: number, bytesPerSecond: number, limits: PartLimits = partLimits): number {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > limits.maxPartCount)
    throw new PartNumberError(partNumber, limits)
  const rate = freezeRate(bytesPerSecond, limits)
  const count = BigInt(limits.maxPartCount)
  const sumOfSquares = (count * (count + 1n) * (2n * count + 1n)) / 6n
  const spare = BigInt(limits.maxFileSizeBytes) - count * BigInt(rate)
  return rate + Number((spare * BigInt(partNumber) ** 2n) / sumOfSquares)
}
