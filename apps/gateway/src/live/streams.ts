import type { DeviceMessage, FleetDelta, FleetMessage, LiveSource, Numbered, WatchOptions } from '@rushes/api'
import type { ReportRates } from '../agent/report-rates.ts'
import type { Change, ConflatingLog, Watcher } from './conflating-log.ts'
import type { DeviceChange } from './device-channel.ts'
import type { FleetChange } from './fleet-channel.ts'
import type { LiveHub } from './hub.ts'
import { resumeToken, seqOfToken } from './resume-token.ts'

/** A silent stream says that what it showed is still true. */
const heartbeatEveryMs = 5_000
const rowsPerMessage = 200

/** The live streams that browsers ask for, over what the hub holds. */
export function liveStreams(options: { hub: LiveHub; rates: ReportRates; now: () => Date }): LiveSource {
  const { hub, rates } = options
  const at = () => options.now().toISOString()

  async function* fleet(
    asked: WatchOptions & { visibleDeviceIds: readonly string[] | null },
  ): AsyncGenerator<Numbered<FleetMessage>> {
    const { value, leave } = hub.fleet.enter()
    const unwatch = rates.watch(asked.visibleDeviceIds)
    try {
      const channel = await value
      const { log } = channel
      const resumed = resume(log, asked.resumeAfter)
      // Watching begins in the same instant in which the rows are taken: nothing is between the two.
      const watcher = resumed?.watcher ?? log.watch()
      try {
        if (resumed === null) {
          const { seq } = log
          const rows = channel.all
          for (let first = 0; first < rows.length; first += rowsPerMessage) {
            const some = rows.slice(first, first + rowsPerMessage)
            yield { id: resumeToken(log.id, null), message: { type: 'snapshot', rows: some } }
          }
          yield { id: resumeToken(log.id, seq), message: { type: 'snapshotEnd', seq, at: at() } }
        } else yield resumedAt(log, resumed.seq)
        yield* deltas(log, watcher, asked.signal, fleetChanges)
      } finally {
        watcher.close()
      }
    } finally {
      unwatch()
      leave()
    }
  }

  async function* device(asked: WatchOptions & { deviceId: string }): AsyncGenerator<Numbered<DeviceMessage>> {
    const { value, leave } = hub.device(asked.deviceId).enter()
    const unwatch = rates.watch([asked.deviceId])
    try {
      const channel = await value
      const { log } = channel
      const resumed = resume(log, asked.resumeAfter)
      const watcher = resumed?.watcher ?? log.watch()
      try {
        if (resumed === null) {
          // Read after watching began: what changes meanwhile comes twice rather than never.
          const { seq } = log
          const snapshot = await channel.snapshot()
          yield { id: resumeToken(log.id, null), message: { type: 'snapshot', ...snapshot } }
          yield { id: resumeToken(log.id, seq), message: { type: 'snapshotEnd', seq, at: at() } }
        } else yield resumedAt(log, resumed.seq)
        yield* deltas(log, watcher, asked.signal, deviceChanges)
      } finally {
        watcher.close()
      }
    } finally {
      unwatch()
      leave()
    }
  }

  function resumedAt<Delta>(log: ConflatingLog<Delta>, seq: number) {
    return { id: resumeToken(log.id, seq), message: { type: 'resumed' as const, seq, at: at() } }
  }

  async function* deltas<Delta, Message>(
    log: ConflatingLog<Delta>,
    watcher: Watcher<Delta>,
    signal: AbortSignal,
    toMessage: (change: Change<Delta>, at: string) => Message,
  ): AsyncGenerator<Numbered<Message | { type: 'heartbeat'; at: string }>> {
    let lastSeq: number | null = null
    while (!signal.aborted) {
      const change = await watcher.next(heartbeatEveryMs, signal)
      if (signal.aborted) return
      if (change !== null) {
        lastSeq = change.seq
        yield { id: resumeToken(log.id, change.seq), message: toMessage(change, at()) }
      } else if (hub.isFresh) {
        // Without the database nothing is said: the page then shows how old its data is.
        yield { id: resumeToken(log.id, lastSeq ?? log.seq), message: { type: 'heartbeat', at: at() } }
      }
    }
  }

  return { fleet, device }
}

function resume<Delta>(
  log: ConflatingLog<Delta>,
  token: string | null,
): { seq: number; watcher: Watcher<Delta> } | null {
  const seq = seqOfToken(log.id, token)
  const watcher = seq === null ? null : log.resume(seq)
  return seq === null || watcher === null ? null : { seq, watcher }
}

function fleetChanges({ seq, delta }: Change<FleetChange>, at: string): FleetMessage {
  const rows: FleetDelta[] = []
  const removedDeviceIds: string[] = []
  for (const [deviceId, row] of delta) {
    if (row === null) removedDeviceIds.push(deviceId)
    else rows.push(row)
  }
  return { type: 'changes', seq, at, rows, removedDeviceIds }
}

function deviceChanges({ seq, delta }: Change<DeviceChange>, at: string): DeviceMessage {
  return {
    type: 'changes',
    seq,
    at,
    row: delta.row,
    uploads: [...delta.uploads.values()],
    executions: [...delta.executions.values()],
    progress: [...delta.progress.values()],
    hasNewEvents: delta.hasNewEvents,
  }
}
