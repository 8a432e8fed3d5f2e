import type { ExecutionUpdate } from '@rushes/protocol'
import type { Logger } from 'pino'
import type { LinkPort } from '../link-port.ts'
import type { FrameSource } from './frame-source.ts'
import { repeatDelayMs } from './repeat-delay.ts'

/** How often one execution tells how far it is. */
const minProgressGapMs = 1_000
/** Final outcomes that may stand unconfirmed; more stay on record until these are confirmed. */
const maxUnconfirmed = 100
/** Words about executions that may wait for the socket, the unconfirmed ones aside. */
const maxUnsaid = 300

export type ExecutionSource = FrameSource & {
  /** The newest word about an execution replaces the one that was not said yet. */
  say(update: ExecutionUpdate): void
  /** The gateway has stored the final outcome. */
  confirmed(executionId: string): void
}

/**
 * Tells how executions stand. A final outcome is repeated until it is confirmed: on each new connection, and after a while on the
 * same one. Nothing is lost with this source: it is filled from the record, and from `underWay` for what has no outcome yet.
 */
export function createExecutionSource(
  { port, random, log }: { port: LinkPort; random: () => number; log: Logger },
  underWay: readonly ExecutionUpdate[],
): ExecutionSource {
  const unsaid = new Map<string, ExecutionUpdate>()
  const unconfirmed = new Map<string, ExecutionUpdate>()
  const progressSaidAtMs = new Map<string, number>()
  let repeatAtMs: number | null = null
  let repeats = 0

  const refill = () => {
    for (const { executionId, at, outcome } of port.pendingOutcomes()) {
      if (unconfirmed.size + unsaid.size >= maxUnconfirmed) return
      if (!unconfirmed.has(executionId)) unsaid.set(executionId, { executionId, at, outcome })
    }
  }
  const repeatWhatIsDue = (nowMs: number) => {
    if (repeatAtMs === null || nowMs < repeatAtMs) return
    repeats += 1
    repeatAtMs = null
    log.warn({ count: unconfirmed.size, repeats }, 'outcomes of commands were not confirmed in time and are said again')
    for (const [executionId, update] of unconfirmed) unsaid.set(executionId, update)
    unconfirmed.clear()
  }
  const isHeldBack = (update: ExecutionUpdate, nowMs: number) =>
    update.outcome.state === 'running' &&
    nowMs < (progressSaidAtMs.get(update.executionId) ?? Number.NEGATIVE_INFINITY) + minProgressGapMs

  for (const update of underWay) unsaid.set(update.executionId, update)
  refill()

  return {
    take: (nowMs) => {
      repeatWhatIsDue(nowMs)
      for (const [executionId, update] of unsaid) {
        if (isHeldBack(update, nowMs)) continue
        unsaid.delete(executionId)
        if (update.outcome.state === 'running') progressSaidAtMs.set(executionId, nowMs)
        else if (isFinal(update)) {
          progressSaidAtMs.delete(executionId)
          unconfirmed.set(executionId, update)
          repeatAtMs ??= nowMs + repeatDelayMs(repeats, random())
        }
        return { type: 'execution', update }
      }
      return null
    },
    dueAtMs: () => {
      const heldBack = [...unsaid.keys()].map(
        (executionId) => (progressSaidAtMs.get(executionId) ?? 0) + minProgressGapMs,
      )
      const due = [...heldBack, ...(repeatAtMs === null ? [] : [repeatAtMs])]
      return due.length === 0 ? null : Math.min(...due)
    },
    say: (update) => {
      // Beyond the bound it stays on record: said when others are confirmed, or when the gateway asks again.
      if (unsaid.size >= maxUnsaid && !unsaid.has(update.executionId)) return
      unconfirmed.delete(update.executionId)
      unsaid.set(update.executionId, update)
    },
    confirmed: (executionId) => {
      port.outcomeStored(executionId)
      unconfirmed.delete(executionId)
      const left = unsaid.get(executionId)
      if (left !== undefined && isFinal(left)) unsaid.delete(executionId)
      repeats = 0
      if (unconfirmed.size > 0) return
      repeatAtMs = null
      refill()
    },
  }
}

const isFinal = ({ outcome }: ExecutionUpdate) => outcome.state !== 'acknowledged' && outcome.state !== 'running'
