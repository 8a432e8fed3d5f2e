import type { AgentConnections } from './connections.ts'
import { unwatchedReportEveryMs, watchedReportEveryMs } from './limits.ts'

/** Fleets up to this size report fast while somebody looks at the whole of them. */
const maxFleetWatchedWhole = 500

/**
 * The viewer sets the rate: a device reports every second while somebody looks at it or it works on a command, and every ten seconds
 * otherwise. Devices are told only when theirs changes.
 */
export class ReportRates {
  private readonly watchCounts = new Map<string, number>()
  private wholeFleetCount = 0
  private readonly connections: () => AgentConnections
  private readonly monotonicMs: () => number

  constructor(options: { connections: () => AgentConnections; monotonicMs: () => number }) {
    this.connections = options.connections
    this.monotonicMs = options.monotonicMs
  }

  everyMsFor(deviceId: string, isBusy = false): number {
    const isWatched =
      isBusy ||
      this.watchCounts.has(deviceId) ||
      (this.wholeFleetCount > 0 && this.connections().count <= maxFleetWatchedWhole)
    return isWatched ? watchedReportEveryMs : unwatchedReportEveryMs
  }

  /** Somebody looks at these devices (null: at the whole fleet), until the returned function is called. */
  watch(deviceIds: readonly string[] | null): () => void {
    this.count(deviceIds, 1)
    this.tell()
    let isWatching = true
    return () => {
      if (!isWatching) return
      isWatching = false
      this.count(deviceIds, -1)
      this.tell()
    }
  }

  /** Tells the devices whose rate is another now; said every second as well, because devices cease to be busy by themselves. */
  tell(): void {
    const nowMs = this.monotonicMs()
    for (const { session, state } of this.connections().open()) {
      const everyMs = this.everyMsFor(session.deviceId, state.busyUntilMs > nowMs)
      if (everyMs === state.toldReportEveryMs) continue
      state.toldReportEveryMs = everyMs
      session.send({ type: 'reportRate', everyMs })
    }
  }

  private count(deviceIds: readonly string[] | null, by: 1 | -1): void {
    if (deviceIds === null) this.wholeFleetCount += by
    for (const deviceId of deviceIds ?? []) {
      const count = (this.watchCounts.get(deviceId) ?? 0) + by
      if (count > 0) this.watchCounts.set(deviceId, count)
      else this.watchCounts.delete(deviceId)
    }
  }
}
