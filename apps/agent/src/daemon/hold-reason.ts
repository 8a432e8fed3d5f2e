import type { Capture, HeldReason } from '@rushes/upload-core'
import type { WatchFolder } from '../capture/capture-port.ts'
import { isCapturedSince } from '../queue/capture-clock.ts'
import { readUploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { rebuiltSince } from '../queue/rebuild-queue.ts'

type KnownCapture = Capture & { isWitnessed: boolean }

/** Why a file is not uploaded by itself; null when it is. What is not known to have begun after the pairing is held like what began before. */
export function holdReason(queue: Queue, mode: WatchFolder['mode'], capture: KnownCapture): HeldReason | null {
  const rebuilt = rebuiltSince(queue)
  // What claims to be of a time to come may be of any: it was captured by another clock, or before this one was set.
  const isOfTimeToCome = !capture.isWitnessed && capture.at > queue.now()
  if (rebuilt !== null && (isOfTimeToCome || !isCapturedSince(queue, [rebuilt], capture))) return 'queueRebuilt'
  if (mode === 'manual') return 'manualFolder'
  const link = readUploadLink(queue)
  if (link === null || link.projectSince === null) return 'capturedBeforePairing'
  return isCapturedSince(queue, [link.paired, link.projectSince], capture) ? null : 'capturedBeforePairing'
}
