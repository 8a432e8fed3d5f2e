import { type Check, well, wrong } from './check.ts'

/** No version of the agent was run before. */
const earliestAt = Date.UTC(2026, 0, 1)
/** Signed addresses are refused from a quarter of an hour on; tokens and certificates mind less. */
const maxSkewMs = 300_000

const advice =
  'Set the clock: timedatectl set-ntp true, or date -s TIME where there is no network time. A clock without a battery forgets it when the power goes.'

/** Whether the clock can be right: by itself, and beside the server's where that was heard. Milliseconds since 1970. */
export function checkClock(nowMs: number, serverNowMs: number | null): Check {
  const shown = new Date(nowMs).toISOString().slice(0, 19)
  if (nowMs < earliestAt) return wrong('clock', `the clock says ${shown} UTC, which is long ago`, advice)
  if (serverNowMs === null) return well('clock', `the clock says ${shown} UTC; no server was heard to compare it with`)
  const aheadMs = nowMs - serverNowMs
  if (Math.abs(aheadMs) > maxSkewMs)
    return wrong(
      'clock',
      `the clock says ${shown} UTC, ${inWords(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the server`,
      advice,
    )
  return well('clock', `the clock says ${shown} UTC, as the server does`)
}

function inWords(durationMs: number): string {
  const minutes = Math.round(durationMs / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  return minutes < 2_880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1_440)} days`
}
