import { type DeviceStatus, type UploadState, uploadStates } from '@rushes/protocol'
import type { StateTotal } from '../queue/queue-reports.ts'

/** States whose clips are not to go up: they count neither as captured nor as waiting. */
const leftOut = new Set<UploadState>(['cancelled', 'cleared', 'refused', 'blocked'])
const settled = new Set<UploadState>(['uploaded', 'verified', 'failed'])

/** What the clips of a queue, a folder or a card come to. */
export type Sums = Pick<DeviceStatus, 'counts' | 'bytes'>

export function sumTotals(totals: readonly StateTotal[]): Sums {
  const counts: Sums['counts'] = {}
  const bytes = { captured: 0, acknowledged: 0, verified: 0, waiting: 0 }
  for (const total of totals) {
    const state = uploadStates.find((name) => name === total.state)
    if (state === undefined) continue
    counts[state] = (counts[state] ?? 0) + total.count
    if (leftOut.has(state)) continue
    bytes.captured += total.sizeBytes
    bytes.acknowledged += total.acknowledgedBytes + total.lostBytes
    if (state === 'verified') bytes.verified += total.sizeBytes
    if (!settled.has(state)) bytes.waiting += total.sizeBytes - total.acknowledgedBytes
  }
  return { counts, bytes }
}
