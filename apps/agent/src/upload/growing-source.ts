import {
  backoffBoundMs,
  type Consequence,
  fullJitterMs,
  isDeadFromTheStart,
  retryLimits,
  type UploadError,
} from '@rushes/upload-core'
import { findUpload } from '../queue/apply-upload-event.ts'
import { lastCutByte } from '../queue/growing-parts.ts'
import { reopenGrowth, takeAnew } from '../queue/growths.ts'
import type { Queue } from '../queue/open-queue.ts'
import { forgetAddress, type PartClaim, recordPartFailure, returnPart } from '../queue/part-claims.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import type { JudgeOptions } from './judge.ts'
import { lookAtSource } from './look-at-source.ts'

/**
 * What the failure of a part leads to where a growing file differs from one of known size: an address that ran out is asked for anew, and
 * a file that changed is not a failure but news of its recorder. False where there is no difference.
 */
export async function concludeGrowing(
  { queue, random, limits = retryLimits }: JudgeOptions,
  claim: PartClaim,
  consequence: Consequence,
  addressAgeMs: number,
  error: UploadError,
): Promise<boolean> {
  if (consequence.kind === 'startOver' && consequence.reason === 'urlExpired') {
    const isDead = isDeadFromTheStart(addressAgeMs)
    const delayMs = fullJitterMs(backoffBoundMs(claim.attempts, limits), random())
    // A destination that gives out dead addresses again and again has lost the upload, whatever it says.
    if (isDead && claim.attempts >= limits.attemptsPerJob) {
      const message = 'every address of this part was dead from the start'
      const dead: UploadError = { class: 'destination', code: 'URL_EXPIRED', message }
      recordPartFailure(queue, claim, { kind: 'startOver', reason: 'uploadLostByDestination' }, dead)
    } else forgetAddress(queue, claim, isDead ? queue.now() + delayMs : null, error)
    return true
  }
  const isChange =
    consequence.kind === 'fail' && (consequence.reason === 'sourceChanged' || consequence.reason === 'sourceTruncated')
  if (!isChange) return false
  returnPart(queue, claim, error)
  const upload = findUpload(queue, claim.upload.id)
  if (upload !== null) await followChange(queue, upload)
  return true
}

/**
 * A growing file is not what it was taken for: another take begins anew, the same one is open again, or (when its end may have left
 * already) comes to rest and goes up whole.
 */
export async function followChange(queue: Queue, upload: StoredUpload): Promise<void> {
  const look = await lookAtSource(upload.source)
  // Absence is met, and judged, by whoever reads it next; what is the same again was only in between.
  if (look.kind !== 'different') return
  const { source } = upload
  const isOther = source.inodeIsStable && look.facts.inode !== source.inode
  if (isOther || look.facts.sizeBytes < lastCutByte(queue, upload.id)) takeAnew(queue, upload, queue.now())
  else if (!reopenGrowth(queue, upload.id)) takeAnew(queue, upload, null)
}
