import { type DeviceStatus, reasons } from '@rushes/protocol'
import { countGroup, homeOf } from './upload-group.ts'

/**
 * How a device stands, in one word, the most pressing first. Exactly one holds for a device, so the counts of a fleet by
 * standing add up to the fleet.
 */
export const standings = [
  /** A clip failed, a stored one is no longer sound, or something keeps the whole device back that no waiting will mend. */
  'needsAttention',
  /** Moved to another project; the device has not confirmed that it left the former one. */
  'changingProject',
  /** No control link, and as far as known not everything is home. */
  'outOfReach',
  /** An operator holds its uploads. */
  'onHold',
  'uploading',
  /** Clips wait for their turn, for a cause that passes by itself, or to be verified. */
  'waiting',
  'home',
  /** Nothing was captured yet. */
  'empty',
  /** Connected, but has not told of itself yet. */
  'unreported',
  /** Not our agent: nothing is known but what reached the destination. */
  'uploadLinkOnly',
  'revoked',
] as const
export type Standing = (typeof standings)[number]

/** What the standing follows from; a row of the fleet table has all of it. */
export type StandingFacts = {
  presence: { state: 'online' | 'offline' | 'neverConnected' | 'noControlLink' | 'revoked' }
  fence: { state: 'none' | 'confirmed' | 'awaitingDevice' }
  report: { status: Pick<DeviceStatus, 'counts' | 'blockedBy' | 'hold' | 'destinationIsOurs'> } | null
  /** What the destination found of clips that it has stored. */
  unsound: { clipCount: number; reportedVerifiedCount: number }
}

export function standingOf({ presence, fence, report, unsound }: StandingFacts): Standing {
  if (presence.state === 'revoked') return 'revoked'
  if (unsound.clipCount > 0 || (report !== null && needsPerson(report.status))) return 'needsAttention'
  if (fence.state === 'awaitingDevice') return 'changingProject'
  if (presence.state === 'noControlLink') return 'uploadLinkOnly'
  if (report === null) return presence.state === 'online' ? 'unreported' : 'outOfReach'
  const { counts, destinationIsOurs, hold } = report.status
  const { homeCount, totalCount } = homeOf(counts, { destinationIsOurs, unsoundCount: unsound.reportedVerifiedCount })
  const isHome = homeCount === totalCount
  if (presence.state !== 'online' && !isHome) return 'outOfReach'
  if (hold !== null) return 'onHold'
  if (isHome) return totalCount === 0 ? 'empty' : 'home'
  return countGroup(counts, 'moving') > 0 ? 'uploading' : 'waiting'
}

function needsPerson(status: NonNullable<StandingFacts['report']>['status']): boolean {
  if (countGroup(status.counts, 'failed') > 0) return true
  return status.blockedBy !== null && reasons[status.blockedBy].severity === 'problem'
}
