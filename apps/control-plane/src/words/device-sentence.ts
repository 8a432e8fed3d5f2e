import { type ReasonAction, reasons } from '@rushes/protocol'
import { countGroup, homeOf, type StandingFacts, standingOf } from '@rushes/upload-core'
import { plural } from '../format/bytes.ts'

/** What a sentence needs of a row; a row of the fleet has it. */
export type SentenceFacts = StandingFacts & {
  foreign: { uploadTo: string } | null
  fence: { state: 'none' | 'confirmed' } | { state: 'awaitingDevice'; fromProjectName: string | null }
}

/** The one action that resolves what is wrong, if a person can do anything at all. */
export type SentenceAction = 'retryFailed' | 'release' | 'addDevice' | 'move' | 'seeUnsound' | null

export type DeviceSentence = {
  text: string
  /** Longer words, for the device's own page and for hover; says so when there is nothing to do. */
  detail: string
  action: SentenceAction
}

const actionOf: Record<ReasonAction, SentenceAction> = {
  none: null,
  retry: 'retryFailed',
  release: 'release',
  resumeSharing: null,
  reconnectSource: null,
  pairAgain: 'addDevice',
  freeSpace: null,
  restore: null,
  assignProject: 'move',
  fixDestination: null,
}

/** How a device stands, in a sentence, with what to press. Age and presence are told beside it, not in it. */
export function deviceSentence(row: SentenceFacts): DeviceSentence {
  const status = row.report?.status ?? null
  const counts = status?.counts ?? {}
  const { homeCount, totalCount } = homeOf(counts, {
    destinationIsOurs: status?.destinationIsOurs ?? true,
    unsoundCount: row.unsound.reportedVerifiedCount,
  })
  const openCount = totalCount - homeCount
  const standing = standingOf(row)
  switch (standing) {
    case 'needsAttention': {
      const failedCount = countGroup(counts, 'failed')
      const unsoundCount = row.unsound.clipCount
      // Before what failed: the device believes these to be home, so their originals are the next to be wiped.
      if (unsoundCount > 0) {
        const text = `${plural(unsoundCount, 'stored clip')} not sound`
        const detail = 'What the destination has is not what was sent, or no longer. Keep the originals.'
        return {
          text: failedCount > 0 ? `${text}, ${plural(failedCount, 'clip')} failed` : text,
          detail,
          action: 'seeUnsound',
        }
      }
      if (failedCount > 0) {
        const detail = 'They do not go up by themselves. The reason stands beside each of them.'
        return { text: `${plural(failedCount, 'clip')} failed`, detail, action: 'retryFailed' }
      }
      const reason = status?.blockedBy == null ? null : reasons[status.blockedBy]
      const text = capitalize(reason?.title ?? 'Nothing moves')
      return { text, detail: reason?.explanation ?? '', action: reason === null ? null : actionOf[reason.action] }
    }
    case 'changingProject': {
      const from = row.fence.state === 'awaitingDevice' ? row.fence.fromProjectName : null
      const text = from === null ? 'Move not confirmed yet' : `Leaving ${from}`
      const detail = 'It clears its queue before it sends anything, and confirms with a receipt. Nothing to do.'
      return { text, detail, action: null }
    }
    case 'outOfReach': {
      const text = status === null ? 'Never told of its clips' : `${plural(openCount, 'clip')} not home`
      const detail =
        row.presence.state === 'neverConnected'
          ? 'It is paired and has not connected yet. Start its agent: rushes-agent run --watch DIR'
          : 'While its agent runs it goes on by itself, and tells here when it connects. If it stays away, look at the device: rushes-agent doctor'
      return { text, detail, action: null }
    }
    case 'onHold': {
      const text =
        openCount === 0
          ? 'Everything so far is home'
          : `${plural(openCount, 'clip')} ${openCount === 1 ? 'waits' : 'wait'} for release`
      return { text, detail: 'An operator holds uploads here; they go up after Release.', action: 'release' }
    }
    case 'uploading': {
      const movingCount = countGroup(counts, 'moving')
      const waitingCount = openCount - movingCount
      const text = waitingCount > 0 ? `${movingCount} going up, ${waitingCount} to follow` : `${movingCount} going up`
      return { text, detail: 'Nothing to do.', action: null }
    }
    case 'waiting':
      return waitingSentence(status?.blockedBy ?? null, counts, openCount)
    case 'home': {
      const proof = status?.destinationIsOurs === false ? 'uploaded' : 'verified'
      const text = totalCount === 1 ? `1 clip ${proof}` : `All ${plural(totalCount, 'clip')} ${proof}`
      const leftOutCount = countGroup(counts, 'leftOut')
      const leftOut = `${plural(leftOutCount, 'more clip')} ${leftOutCount === 1 ? 'was' : 'were'} left out on purpose.`
      const detail = leftOutCount === 0 ? 'Everything that the device knows of is home.' : leftOut
      return { text, detail, action: null }
    }
    case 'empty': {
      const leftOutCount = countGroup(counts, 'leftOut')
      const detail = 'Clips appear here as soon as the device sees them.'
      if (leftOutCount === 0) return { text: 'Nothing captured yet', detail, action: null }
      return {
        text: 'Nothing new captured',
        detail: `${plural(leftOutCount, 'clip')} left out on purpose.`,
        action: null,
      }
    }
    case 'unreported':
      return {
        text: 'Tells of its clips in a moment',
        detail: 'It is connected; its first report is on the way.',
        action: null,
      }
    case 'uploadLinkOnly': {
      const detail = 'It does not run the Rushes agent, so only what has reached the destination is known.'
      return { text: 'Does not report', detail, action: null }
    }
    case 'revoked':
      return {
        text: 'Gave up its pairing',
        detail: 'Pair it again to use it; its history is kept.',
        action: 'addDevice',
      }
    default:
      return standing satisfies never
  }
}

function waitingSentence(
  blockedBy: keyof typeof reasons | null,
  counts: { uploaded?: number | undefined; held?: number | undefined; growing?: number | undefined },
  openCount: number,
): DeviceSentence {
  if (blockedBy !== null) {
    const reason = reasons[blockedBy]
    return {
      text: `${plural(openCount, 'clip')}: ${reason.title}`,
      detail: reason.explanation,
      action: actionOf[reason.action],
    }
  }
  if (counts.uploaded === openCount)
    return { text: `Verifying ${plural(openCount, 'clip')}`, detail: 'The destination reads them back.', action: null }
  if (counts.held === openCount)
    return { text: `${plural(openCount, 'clip')} held`, detail: 'They wait to be released one by one.', action: null }
  if (counts.growing === openCount)
    return { text: `${plural(openCount, 'clip')} being written`, detail: 'Each is queued when it rests.', action: null }
  return {
    text: `${plural(openCount, 'clip')} in the queue`,
    detail: 'The reason stands beside each of them.',
    action: null,
  }
}

const capitalize = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
