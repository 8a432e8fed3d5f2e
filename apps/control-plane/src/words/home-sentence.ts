import type { FleetSummary } from '@rushes/fleet'
import { formatBytes, formatRate, plural } from '../format/bytes.ts'
import { etaMs, formatDuration } from '../format/time.ts'

export type HomeSentence = {
  /** The answer to “Is everything home?” */
  text: string
  tone: 'ok' | 'plain'
  /** How much is missing, how long it takes, and what the answer does not cover. */
  details: string[]
}

/** Is everything home? Says what is not known as plainly as what is. */
export function homeSentence(summary: FleetSummary, bytesPerSecond: number | null): HomeSentence {
  const { homeCount, totalCount, leftOutCount, unsoundCount } = summary.clips
  const notHomeCount = totalCount - homeCount
  const unknownCount = summary.unreportedCount
  const caveats = [
    // Before anything else: their devices may be about to be wiped.
    ...(unsoundCount > 0 ? [formatUnsound(unsoundCount)] : []),
    ...(unknownCount > 0
      ? [`${plural(unknownCount, 'device')} ${unknownCount === 1 ? 'has' : 'have'} never reported`]
      : []),
    ...(leftOutCount > 0 ? [`${formatLeftOut(leftOutCount)}`] : []),
  ]
  if (summary.deviceCount === 0) return { text: 'No devices yet', tone: 'plain', details: [] }
  if (totalCount === 0) return { text: 'No clips yet', tone: 'plain', details: caveats }
  if (notHomeCount === 0) {
    const text = totalCount === 1 ? 'The only clip is home' : `All ${plural(totalCount, 'clip')} are home`
    // Not among those that devices call home: thrown over by a later upload, or by devices that do not report.
    if (unsoundCount > 0) return { text: `${text}, but not all are sound`, tone: 'plain', details: caveats }
    return { text, tone: unknownCount === 0 ? 'ok' : 'plain', details: caveats }
  }
  return {
    text: `${plural(notHomeCount, 'clip')} of ${totalCount.toLocaleString('en')} not home yet`,
    tone: 'plain',
    details: [...remaining(summary, bytesPerSecond), ...caveats],
  }
}

function remaining(summary: FleetSummary, bytesPerSecond: number | null): string[] {
  const { waiting } = summary.bytes
  const { homeCount, totalCount, failedCount, heldCount, unsoundVerifiedCount } = summary.clips
  // Neither moves by itself, and the bytes that wait do not cover what failed: both are said before anything hopeful.
  const stuck = [
    ...(failedCount > 0 ? [`${plural(failedCount, 'clip')} failed`] : []),
    ...(heldCount > 0 ? [`${plural(heldCount, 'clip')} held`] : []),
  ]
  if (waiting <= 0) {
    const isVerifying = totalCount - homeCount > failedCount + heldCount + unsoundVerifiedCount
    return isVerifying
      ? [
          ...stuck,
          stuck.length > 0
            ? 'the others have arrived and are being verified'
            : 'all bytes have arrived, the rest is being verified',
        ]
      : stuck
  }
  const size = `${formatBytes(waiting)} to go`
  if (bytesPerSecond === null) return [...stuck, size]
  const eta = etaMs(waiting, bytesPerSecond)
  return eta === null
    ? [...stuck, size, 'nothing moves just now']
    : [...stuck, size, `about ${formatDuration(eta)} at ${formatRate(bytesPerSecond)}`]
}

const formatUnsound = (count: number) =>
  `${plural(count, 'stored clip')} ${count === 1 ? 'is' : 'are'} not as sent, or no longer: see Needs attention`

const formatLeftOut = (count: number) => `${plural(count, 'clip')} left out on purpose`
