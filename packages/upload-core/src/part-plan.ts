import { maxFileSizeBytes, maxPartCount, maxPartSizeBytes, minPartSizeBytes } from '@rushes/protocol'

/** The bounds that parts obey, all inclusive. Tests shrink them to run every case. */
export type PartLimits = {
  minPartSizeBytes: number
  maxPartSizeBytes: number
  maxPartCount: number
  maxFileSizeBytes: number
}

export const partLimits: PartLimits = { minPartSizeBytes, maxPartSizeBytes, maxPartCount, maxFileSizeBytes }

/** One contiguous stretch of a file. Numbers begin at 1. */
export type PartSpan = { number: number; offset: number; sizeBytes: number }

export type FixedPlan = { kind: 'planned'; parts: PartSpan[] } | { kind: 'impossible'; why: string }

/**
 * Cuts a file of known size into one part per upload URL: `ceil(filesize / urls)` bytes each, the last clamped to the end of the file.
 *
 * The number of URLs is the destination's choice and decides the size; nothing is assumed about it. `impossible` when a part
 * would be empty or the counts break the limits: uploading such a plan could only assemble a wrong file.
 */
export function planFixedParts(fileSizeBytes: number, urlCount: number, limits: PartLimits = partLimits): FixedPlan {
  if (!Number.isInteger(fileSizeBytes) || fileSizeBytes < 1)
    return { kind: 'impossible', why: 'an empty file has no parts' }
  if (fileSizeBytes > limits.maxFileSizeBytes)
    return { kind: 'impossible', why: 'the file is larger than the largest asset' }
  if (!Number.isInteger(urlCount) || urlCount < 1)
    return { kind: 'impossible', why: 'the destination gave no upload URL' }
  if (urlCount > limits.maxPartCount)
    return { kind: 'impossible', why: 'the destination gave more URLs than there are part numbers' }
  const partSizeBytes = Math.ceil(fileSizeBytes / urlCount)
  if (partSizeBytes > limits.maxPartSizeBytes)
    return { kind: 'impossible', why: 'a part would be larger than the largest part' }
  // More URLs than the rounded-up size fills, for example 9 bytes over 4 URLs: 3 + 3 + 3 leaves the fourth empty.
  if (partSizeBytes * (urlCount - 1) >= fileSizeBytes) return { kind: 'impossible', why: 'a part would be empty' }
  const parts: PartSpan[] = []
  for (let number = 1; number <= urlCount; number++) {
    const offset = (number - 1) * partSizeBytes
    parts.push({ number, offset, sizeBytes: Math.min(partSizeBytes, fileSizeBytes - offset) })
  }
  return { kind: 'planned', parts }
}

/**
 * The largest part count that may be asked for (`parts` of a create), so that every part but the last reaches the minimum and none is empty.
 * At least 1 for any file that can be uploaded at all.
 */
export function maxRequestableParts(fileSizeBytes: number, limits: PartLimits = partLimits): number {
  let count = Math.min(limits.maxPartCount, Math.max(1, Math.ceil(fileSizeBytes / limits.minPartSizeBytes)))
  while (count > 1 && !isRequestable(fileSizeBytes, count, limits)) count--
  return count
}

/** Whether a create may ask for this many parts; a count that is not requestable is answered 500 by the platform. */
export function isRequestable(fileSizeBytes: number, partCount: number, limits: PartLimits = partLimits): boolean {
  if (planFixedParts(fileSizeBytes, partCount, limits).kind !== 'planned') return false
  return partCount === 1 || Math.ceil(fileSizeBytes / partCount) >= limits.minPartSizeBytes
}
