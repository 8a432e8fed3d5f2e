import type { CommandDetail, SkippedDevice } from '@rushes/fleet'
import { table } from './output.ts'

type Execution = CommandDetail['executions'][number]

const states: Record<Execution['state'], { label: string; sentence: string }> = {
  queued: { label: 'waits', sentence: 'not handed over yet; a device that is out of reach is told when it comes back' },
  delivered: { label: 'handed over', sentence: 'the device has not answered yet' },
  acknowledged: { label: 'accepted', sentence: 'the device will carry it out' },
  running: { label: 'running', sentence: 'the device is at it' },
  succeeded: { label: 'done', sentence: 'the device has done it' },
  failed: { label: 'failed', sentence: 'the device tried and failed; send it again once the cause is gone' },
  rejected: { label: 'rejected', sentence: 'the device will not do it' },
  timedOut: { label: 'no answer', sentence: 'whether it was done is not known; look at its queue, then send it again' },
  expired: { label: 'expired', sentence: 'the device did not come back in time; send it again' },
  cancelled: { label: 'cancelled', sentence: 'called off before it began' },
  superseded: { label: 'overtaken', sentence: 'a move to another project came first' },
}

const skips: Record<SkippedDevice['because'], string> = {
  unknown: 'it was removed meanwhile',
  revoked: 'it is no longer paired; pair it again',
  noControlLink: 'it does not run the Rushes agent, so nothing can be told to it',
}

/** A command as a person reads it: a line for each device, then how it stands. */
export function commandLines(detail: CommandDetail, skipped: readonly (SkippedDevice & { name: string })[]): string[] {
  const rows = [
    ...detail.executions
      .toSorted((a, b) => a.deviceName.localeCompare(b.deviceName))
      .map((one) => [one.deviceName, states[one.state].label, outcomeOf(one)]),
    ...skipped.map(({ name, because }) => [name, 'left out', skips[because]]),
  ]
  return [...table(['device', 'state', 'outcome'], rows), commandStanding(detail, skipped.length)]
}

/** How a command stands over all its devices, in a sentence that names it. */
export function commandStanding({ commandId, body, rollUp }: CommandDetail, skippedCount = 0): string {
  const { succeededCount, openCount, unsuccessfulCount, deviceCount } = rollUp
  const parts = [
    `${succeededCount} of ${deviceCount + skippedCount} done`,
    ...(openCount > 0 ? [`${openCount} not yet`] : []),
    ...(unsuccessfulCount > 0 ? [`${unsuccessfulCount} not done`] : []),
    ...(skippedCount > 0 ? [`${skippedCount} left out`] : []),
  ]
  return `${body.kind} ${commandId}: ${parts.join(', ')}`
}

/** What the device did, in its own words where it gave any. */
function outcomeOf({ state, result, error, step, percent }: Execution): string {
  if (state === 'succeeded' && result !== null) return result.summary
  if (error !== null) return `${error.message} [${error.code}]; ${states[state].sentence}`
  if (result !== null) return `${states[state].sentence}; it told later: ${result.summary}`
  if (step !== null) return percent === null ? step : `${step}, ${percent} %`
  return states[state].sentence
}
