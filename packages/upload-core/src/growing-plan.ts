import { type PartLimits, type PartSpan, partLimits } from './part-plan.ts'
import { realtimePartSize } from './realtime-part-size.ts'

/**
 * What a part of a growing file is to its upload. `head`: the beginning, which recorders rewrite when they finish; part 1, kept back
 * until the file is complete. `final`: it completes the asset; sent when every other part is acknowledged.
 */
export type GrowingRole = 'head' | 'middle' | 'final'
export type GrowingPart = PartSpan & { role: GrowingRole }

/** How much of the file has been cut: the highest part number, and where its part ends. */
export type Cut = { lastNumber: number; endBytes: number }
export const nothingCut: Cut = { lastNumber: 0, endBytes: 0 }

export type GrowingPlan =
  | { kind: 'cut'; parts: GrowingPart[] }
  /** `truncated`: it is shorter than what was cut of it already, or ends there, which leaves no byte for a final part. */
  | { kind: 'impossible'; why: 'empty' | 'truncated' | 'tooLarge' }

/**
 * The parts that may be cut off a file that still grows, in the order of their numbers; none is a legal answer. The head is cut with
 * the first data after it, never alone, so that a take which ends before becomes an upload of known size. At least one byte always
 * stays uncut: a final part needs one, and nobody knows which byte is the last.
 */
export function cutOpen(
  cut: Cut,
  sizeBytes: number,
  bytesPerSecond: number,
  limits: PartLimits = partLimits,
): GrowingPlan {
  if (sizeBytes > limits.maxFileSizeBytes) return { kind: 'impossible', why: 'tooLarge' }
  if (sizeBytes < cut.endBytes) return { kind: 'impossible', why: 'truncated' }
  const parts: GrowingPart[] = cut.lastNumber === 0 ? [headOf(limits)] : []
  let { lastNumber, endBytes } = parts.length === 0 ? cut : { lastNumber: 1, endBytes: limits.minPartSizeBytes }
  // The last number is kept for the final part.
  for (let number = lastNumber + 1; number < limits.maxPartCount; number++) {
    const partBytes = realtimePartSize(number, bytesPerSecond, limits)
    if (endBytes + partBytes >= sizeBytes) break
    parts.push({ number, offset: endBytes, sizeBytes: partBytes, role: 'middle' })
    endBytes += partBytes
    lastNumber = number
  }
  return { kind: 'cut', parts: lastNumber === 1 && cut.lastNumber === 0 ? [] : parts }
}

/** The parts that are left of a file that is complete: at least one, the last of them final. */
export function cutComplete(
  cut: Cut,
  sizeBytes: number,
  bytesPerSecond: number,
  limits: PartLimits = partLimits,
): GrowingPlan {
  if (sizeBytes < 1) return { kind: 'impossible', why: 'empty' }
  if (sizeBytes > limits.maxFileSizeBytes) return { kind: 'impossible', why: 'tooLarge' }
  if (sizeBytes <= cut.endBytes) return { kind: 'impossible', why: 'truncated' }
  const parts: GrowingPart[] = []
  let { lastNumber, endBytes } = cut
  while (endBytes < sizeBytes) {
    const number = lastNumber + 1
    if (number > limits.maxPartCount) return { kind: 'impossible', why: 'tooLarge' }
    const partBytes = number === 1 ? limits.minPartSizeBytes : realtimePartSize(number, bytesPerSecond, limits)
    const isFinal = endBytes + partBytes >= sizeBytes
    const role: GrowingRole = isFinal ? 'final' : number === 1 ? 'head' : 'middle'
    parts.push({ number, offset: endBytes, sizeBytes: Math.min(partBytes, sizeBytes - endBytes), role })
    endBytes += partBytes
    lastNumber = number
  }
  return { kind: 'cut', parts }
}

const headOf = (limits: PartLimits): GrowingPart => ({
  number: 1,
  offset: 0,
  sizeBytes: limits.minPartSizeBytes,
  role: 'head',
})

/** The smallest size at which `cutOpen` finds anything to cut: head, one part and one byte. */
export function leastCuttableBytes(bytesPerSecond: number, limits: PartLimits = partLimits): number {
  return limits.minPartSizeBytes + realtimePartSize(2, bytesPerSecond, limits) + 1
}

export type RateSample = { at: number; sizeBytes: number }

/** Over how long the growth of a file is measured before its rate is frozen. */
export const rateMeasuredMs = 3_000

/**
 * The data rate by which a file is cut: the folder's setting, else the growth between the first look and one at least three seconds
 * later, else (null while it is too early to say). `at` is in monotonic milliseconds.
 */
export function rateOf(setting: number | null, first: RateSample, now: RateSample): number | null {
  if (setting !== null) return setting
  const elapsedMs = now.at - first.at
  if (elapsedMs < rateMeasuredMs) return null
  return Math.max(0, ((now.sizeBytes - first.sizeBytes) * 1000) / elapsedMs)
}

/**
 * The parts of a file whose new head was put before what was there, which moved up by `shiftBytes`: part 1 takes in the new bytes, the
 * others keep theirs and lie further on.
 */
export function shiftParts<P extends PartSpan>(parts: readonly P[], shiftBytes: number): P[] {
  return parts.map((part) =>
    part.number === 1
      ? { ...part, sizeBytes: part.sizeBytes + shiftBytes }
      : { ...part, offset: part.offset + shiftBytes },
  )
}
