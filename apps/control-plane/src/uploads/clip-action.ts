import { type ReasonCode, reasons, type UploadState } from '@rushes/protocol'
import { plural } from '../format/bytes.ts'

/** What an operator can have a device do about a clip. */
export type ClipAction = 'retryUploads' | 'releaseUploads' | 'unblockUpload'

export const actionWords: Record<ClipAction, { label: string; done: string }> = {
  retryUploads: { label: 'Retry', done: 'Retry' },
  releaseUploads: { label: 'Release', done: 'Release' },
  unblockUpload: { label: 'Offer again', done: 'Request' },
}

/** What is pressed and asked, over so many clips: `Retry 3 clips`. */
export function describeAction(action: ClipAction, clipCount: number): string {
  // Only ever one at a time.
  return action === 'unblockUpload'
    ? 'Offer the clip again'
    : `${actionWords[action].label} ${plural(clipCount, 'clip')}`
}

/** The one action that resolves why a clip does not move; null when there is none that a command could carry out. */
export function clipActionOf(clip: {
  uploadId: string | null
  state: UploadState
  reason: ReasonCode | null
  vanishedAt: string | null
}): ClipAction | null {
  // What the device no longer lists, or never reported, it cannot be told to do anything about.
  if (clip.uploadId === null || clip.vanishedAt !== null) return null
  if (clip.state === 'failed' || clip.state === 'cancelled') return 'retryUploads'
  // One clip at a time, and with a reason: never one of many.
  if (clip.state === 'blocked') return 'unblockUpload'
  const action = clip.reason === null ? 'none' : reasons[clip.reason].action
  if (clip.state === 'waiting') return action === 'retry' ? 'retryUploads' : null
  return clip.state === 'held' && action === 'release' ? 'releaseUploads' : null
}
