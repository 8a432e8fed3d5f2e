import type { UploadState } from '@rushes/protocol'

/**
 * What a person wants to know of an upload before its exact state: does it move, does it wait, is it kept back, did it fail, is
 * it home, was it left out.
 */
export const uploadGroups = ['moving', 'failed', 'waiting', 'held', 'home', 'leftOut'] as const
export type UploadGroup = (typeof uploadGroups)[number]

export const groupOfState: Record<UploadState, UploadGroup> = {
  growing: 'waiting',
  queued: 'waiting',
  registering: 'moving',
  uploading: 'moving',
  waiting: 'waiting',
  held: 'held',
  uploaded: 'home',
  verified: 'home',
  failed: 'failed',
  blocked: 'leftOut',
  cancelled: 'leftOut',
  cleared: 'leftOut',
  refused: 'leftOut',
}

/** The group of one upload: one that the device calls home, while its stored bytes are not sound, needs a person as a failed one does. */
export function groupOf(state: UploadState, isUnsound: boolean): UploadGroup {
  const group = groupOfState[state]
  return isUnsound && group === 'home' ? 'failed' : group
}

/** The states of a group. */
export function statesOf(group: UploadGroup): UploadState[] {
  return uploadStatesInOrder.filter((state) => groupOfState[state] === group)
}

const uploadStatesInOrder = Object.keys(groupOfState).filter((state): state is UploadState => state in groupOfState)

export type ClipCounts = { [state in UploadState]?: number | undefined }

/** How many clips of these counts are in a group. */
export function countGroup(counts: ClipCounts, group: UploadGroup): number {
  return statesOf(group).reduce((sum, state) => sum + (counts[state] ?? 0), 0)
}

/**
 * How many clips have arrived, of how many that are to arrive. At our own ingest a clip is home once its stored bytes were
 * verified; elsewhere once the destination acknowledged it. `unsoundCount` of those that the device calls verified have been found
 * not to be so: they count as not home. What was left out on purpose counts for neither.
 */
export function homeOf(
  counts: ClipCounts,
  { destinationIsOurs, unsoundCount }: { destinationIsOurs: boolean; unsoundCount: number },
): { homeCount: number; totalCount: number } {
  const uploadedCount = counts.uploaded ?? 0
  const arrivedCount = (counts.verified ?? 0) + (destinationIsOurs ? 0 : uploadedCount)
  const openCount = (['moving', 'waiting', 'held', 'failed'] as const).reduce(
    (n, group) => n + countGroup(counts, group),
    0,
  )
  return {
    homeCount: Math.max(0, arrivedCount - unsoundCount),
    totalCount: arrivedCount + openCount + (destinationIsOurs ? uploadedCount : 0),
  }
}
