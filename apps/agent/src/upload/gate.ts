import { backoffBoundMs, fullJitterMs, type RetryLimits, retryLimits, type WaitingReason } from '@rushes/upload-core'
import { errorMessage } from '../agent-error.ts'
import { sleep } from '../sleep.ts'

export type GateReason = Extract<
  WaitingReason,
  'offline' | 'destinationDown' | 'rateLimited' | 'forbidden' | 'quotaExceeded' | 'clockSkewed'
>

/** What the upload link looks like from outside. Instants are milliseconds since 1970. */
export type LinkCondition = {
  state: 'up' | 'down' | 'unknown'
  down: { reason: GateReason; since: number } | null
  lastSuccessAt: number | null
  lastError: string | null
  /** Since when the destination takes no calls for now, while its stores may well take parts; null while it takes them. */
  callsLimitedSince: number | null
}

/**
 * The gate in front of the destination. A failure of the surroundings closes it for all workers, so that a thousand queued clips do not
 * each find out for themselves; one prober opens it again.
 */
export type Gate = {
  isOpen(): boolean
  whenOpen(signal: AbortSignal): Promise<void>
  /** Closes it; while it is closed, further failures change nothing. `atLeastMs`: what the destination asked for. */
  close(reason: GateReason, error: string, atLeastMs?: number): void
  /** A person wants things to go on: whoever waits for the next try has it now, or when the time that the destination asked for is over. */
  hurry(): void
  /** A real call has succeeded: the next closing begins with short delays again. */
  succeeded(): void
  /** Whether the destination answers right now; asked once for all who ask at the same time. */
  isHealthy(): Promise<boolean>
  condition(): LinkCondition
}

export type GateOptions = {
  /** Asks the destination for a sign of life. */
  probe(): Promise<boolean>
  now(): number
  random(): number
  limits?: RetryLimits
  signal: AbortSignal
  /** Tells whatever waits for it that it may go on, just before it opens. If it throws the gate stays closed until the next try. */
  onOpen(): void
  onChange(): void
}

/** Causes that only time can end: there is no use in probing, the destination does answer. */
const timed = new Set<GateReason>(['rateLimited', 'forbidden', 'quotaExceeded', 'clockSkewed'])
const timedClosingMs = 30_000

export function createGate({ probe, now, random, limits = retryLimits, signal, onOpen, onChange }: GateOptions): Gate {
  let closed: { reason: GateReason; since: number; opened: PromiseWithResolvers<void> } | null = null
  let hurried = new AbortController()
  let failuresInRow = 0
  let lastSuccessAt: number | null = null
  let lastError: string | null = null
  let probing: Promise<boolean> | null = null

  const isHealthy = (): Promise<boolean> => {
    probing ??= probe().finally(() => {
      probing = null
    })
    return probing
  }

  /** Whether the cause has passed and everybody could be told so. */
  const canOpen = async (reason: GateReason): Promise<boolean> => {
    try {
      if (!timed.has(reason) && !(await isHealthy())) return false
      onOpen()
      return true
    } catch (error) {
      // A full disk, mostly: then what waits cannot go on anyway, and the next try tells it.
      lastError = errorMessage(error)
      return false
    }
  }

  const reopen = async (reason: GateReason, atLeastMs: number): Promise<void> => {
    let tries = failuresInRow
    for (;;) {
      const bound = timed.has(reason) && reason !== 'rateLimited' ? timedClosingMs : backoffBoundMs(tries, limits)
      // Half of the bound is certain: a gate that opens at once would be no gate.
      const waitMs = Math.max(atLeastMs, bound / 2 + fullJitterMs(bound / 2, random()))
      hurried = new AbortController()
      await sleep(atLeastMs, signal)
      await sleep(waitMs - atLeastMs, AbortSignal.any([signal, hurried.signal]))
      if (signal.aborted) return
      if (await canOpen(reason)) break
      tries++
    }
    const opened = closed?.opened
    closed = null
    onChange()
    opened?.resolve()
  }

  return {
    isOpen: () => closed === null,
    async whenOpen(waiter) {
      while (closed !== null && !waiter.aborted) {
        const aborted = Promise.withResolvers<void>()
        const onAbort = () => aborted.resolve()
        waiter.addEventListener('abort', onAbort, { once: true })
        await Promise.race([closed.opened.promise, aborted.promise])
        waiter.removeEventListener('abort', onAbort)
      }
    },
    close(reason, error, atLeastMs = 0) {
      lastError = error
      if (closed !== null || signal.aborted) return
      failuresInRow++
      closed = { reason, since: now(), opened: Promise.withResolvers() }
      onChange()
      void reopen(reason, atLeastMs)
    },
    hurry: () => hurried.abort(),
    succeeded() {
      failuresInRow = 0
      const wasUnknown = lastSuccessAt === null
      lastSuccessAt = now()
      if (wasUnknown) onChange()
    },
    isHealthy,
    condition: () => ({
      state: closed !== null ? 'down' : lastSuccessAt === null ? 'unknown' : 'up',
      down: closed === null ? null : { reason: closed.reason, since: closed.since },
      lastSuccessAt,
      lastError,
      callsLimitedSince: null,
    }),
  }
}
