import { isRequestable, maxRequestableParts, type PartLimits, partLimits } from './part-plan.ts'

/** What was seen of a link: bytes that left on it, and how often a connection broke off in the middle of a part. */
export type LinkLoss = { sentBytes: number; breaks: number }

export const noLoss: LinkLoss = { sentBytes: 0, breaks: 0 }

/** What left longer ago counts half, and half again: a link of an hour ago says little of the link of today. */
const rememberedBytes = 536_870_912

/** A part has ended, having sent so many bytes; `broke`: its connection broke off or stood still, after the first byte. */
export function observeLoss(loss: LinkLoss, part: { sentBytes: number; broke: boolean }): LinkLoss {
  const sentBytes = loss.sentBytes + part.sentBytes
  const breaks = loss.breaks + (part.broke ? 1 : 0)
  return sentBytes > rememberedBytes ? { sentBytes: sentBytes / 2, breaks: breaks / 2 } : { sentBytes, breaks }
}

/** Fewer breaks than these may be chance. */
const minBreaks = 3
/** Of what is sent, about so much may be sent in vain because a part is sent again from its beginning. */
const acceptedWaste = 0.1
/** Parts that a destination cuts by itself are about this long; smaller ones are asked for only where they are worth it. */
const usualPartBytes = 25_000_000

/**
 * How many parts to ask for (`parts` of a create): more and smaller ones on a link whose connections break off, since a part that breaks
 * off is sent again whole. Null: leave it to the destination. Every count given is one that the platform grants (`isRequestable`).
 *
 * A break hits a part of `s` bytes on average in its middle, so with a break every `d` bytes `s / 2d` of the line is wasted.
 */
export function wantedPartCount(fileSizeBytes: number, loss: LinkLoss, limits: PartLimits = partLimits): number | null {
  if (loss.breaks < minBreaks) return null
  const bytesPerBreak = loss.sentBytes / loss.breaks
  const wantedPartBytes = Math.max(limits.minPartSizeBytes, 2 * acceptedWaste * bytesPerBreak)
  if (wantedPartBytes >= usualPartBytes) return null
  let count = Math.min(maxRequestableParts(fileSizeBytes, limits), Math.ceil(fileSizeBytes / wantedPartBytes))
  // A count between may leave an empty last part, as 9 bytes over 4 parts do.
  while (count > 1 && !isRequestable(fileSizeBytes, count, limits)) count--
  return count > 1 ? count : null
}
