import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

/** What can happen to a stream of bytes on its way. Counts begin at the first byte of the stream. */
export type ByteFault =
  /** Each piece that was read waits before it is passed on. */
  | { kind: 'delay'; delayMs: number }
  | { kind: 'bandwidth'; bytesPerSecond: number }
  /** The connection ends when a byte beyond `afterBytes` comes: in an orderly way, or with a reset. */
  | { kind: 'cut'; afterBytes: number; how: 'close' | 'reset' }
  /** Nothing beyond `afterBytes` is passed on until the fault is removed; the connection stays open. */
  | { kind: 'stall'; afterBytes: number }

export type ActiveByteFault = { readonly fault: ByteFault; readonly removed: AbortSignal; readonly onHit: () => void }

/**
 * Passes a stream on under the faults that are active at each moment.
 *
 * @param signal ends every wait, for a connection that is gone
 * @returns how it ended: the source did, or a `cut` says what to do with the connection
 */
export async function passBytes(
  source: Readable,
  write: (bytes: Buffer) => Promise<void>,
  active: () => readonly ActiveByteFault[],
  signal: AbortSignal,
): Promise<'ended' | 'close' | 'reset'> {
  let passedBytes = 0
  // The connection is ours to end, with or without a reset: leaving the loop must not end it.
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    let rest: Buffer = chunk
    await delay(active(), signal)
    while (rest.length > 0) {
      const faults = active()
      const barrier = nextBarrier(faults)
      if (barrier !== undefined && barrier.fault.afterBytes <= passedBytes) {
        barrier.onHit()
        if (barrier.fault.kind === 'cut') return barrier.fault.how
        await untilAborted(AbortSignal.any([barrier.removed, signal]))
        signal.throwIfAborted()
        continue
      }
      const rate = slowestRate(faults)
      const limitBytes = Math.min(
        rest.length,
        barrier === undefined ? Number.POSITIVE_INFINITY : barrier.fault.afterBytes - passedBytes,
        Math.max(1, Math.floor(rate / 20)), // small steps, so that a slow stream flows instead of jumping
      )
      if (rate !== Number.POSITIVE_INFINITY) await wait((limitBytes / rate) * 1000, undefined, { signal })
      await write(rest.subarray(0, limitBytes))
      passedBytes += limitBytes
      rest = rest.subarray(limitBytes)
    }
  }
  return 'ended'
}

async function delay(faults: readonly ActiveByteFault[], signal: AbortSignal): Promise<void> {
  for (const { fault, onHit } of faults) {
    if (fault.kind !== 'delay') continue
    onHit()
    await wait(fault.delayMs, undefined, { signal })
  }
}

type Barrier = ActiveByteFault & { readonly fault: Extract<ByteFault, { afterBytes: number }> }

const isBarrier = (active: ActiveByteFault): active is Barrier =>
  active.fault.kind === 'cut' || active.fault.kind === 'stall'

function nextBarrier(faults: readonly ActiveByteFault[]): Barrier | undefined {
  return faults
    .filter(isBarrier)
    .filter((active) => !active.removed.aborted)
    .sort((one, other) => one.fault.afterBytes - other.fault.afterBytes)[0]
}

function slowestRate(faults: readonly ActiveByteFault[]): number {
  let slowest = Number.POSITIVE_INFINITY
  for (const { fault, onHit } of faults) {
    if (fault.kind !== 'bandwidth') continue
    onHit()
    slowest = Math.min(slowest, fault.bytesPerSecond)
  }
  return slowest
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
