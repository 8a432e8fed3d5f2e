import type { FleetDelta, FleetMessage, LiveFleetRow } from '@rushes/api'
import { standingOf } from '@rushes/upload-core'
import { createKeyedSignal, createSignal, type Signal } from './signal.ts'

export type FleetStore = {
  apply(message: FleetMessage): void
  row(deviceId: string): LiveFleetRow | undefined
  subscribeRow(deviceId: string, listener: () => void): () => void
  /** The rate of all devices together, as they last told it; null when none of them told any. */
  totalRate(): number | null
  /** Whether a snapshot is complete: before that, a device that is not here may still be on its way. */
  isComplete(): boolean
  /** Some row changed. */
  changed: Signal
  /** Something changed by which the fleet is filtered, sorted or counted, so that the server's lists may be old. */
  reordered: Signal
}

/**
 * The rows of the fleet as the stream last told them. Listeners are told at most every `flushMs`, however fast the stream
 * runs: `schedule` calls back once, after that long.
 */
export function createFleetStore(schedule: (flush: () => void) => void): FleetStore {
  const rows = new Map<string, LiveFleetRow>()
  const rowSignal = createKeyedSignal()
  const [changed, reordered] = [createSignal(), createSignal()]
  /** The ids of the snapshot that is arriving; null outside of one. */
  let arriving: Set<string> | null = null
  let complete = false
  let dirty = new Set<string>()
  let isReordered = false
  let isScheduled = false

  const flush = () => {
    isScheduled = false
    const [ids, wasReordered] = [dirty, isReordered]
    dirty = new Set()
    isReordered = false
    for (const id of ids) rowSignal.emit(id)
    if (ids.size > 0) changed.emit()
    if (wasReordered) reordered.emit()
  }
  const touch = (deviceId: string) => {
    dirty.add(deviceId)
    if (isScheduled) return
    isScheduled = true
    schedule(flush)
  }
  const put = (row: LiveFleetRow) => {
    const before = rows.get(row.deviceId)
    if (before === undefined || orderKey(before) !== orderKey(row)) isReordered = true
    rows.set(row.deviceId, row)
    touch(row.deviceId)
  }
  const remove = (deviceId: string) => {
    if (!rows.delete(deviceId)) return
    isReordered = true
    touch(deviceId)
  }

  return {
    apply(message) {
      switch (message.type) {
        case 'snapshot':
          arriving ??= new Set()
          for (const row of message.rows) {
            arriving.add(row.deviceId)
            put(row)
          }
          return
        case 'snapshotEnd': {
          const present = arriving ?? new Set()
          arriving = null
          complete = true
          for (const id of [...rows.keys()]) if (!present.has(id)) remove(id)
          return
        }
        case 'changes':
          for (const delta of message.rows) {
            const row = merge(rows.get(delta.deviceId), delta)
            if (row !== null) put(row)
          }
          for (const id of message.removedDeviceIds) remove(id)
          return
        case 'resumed':
        case 'heartbeat':
          return
        default:
          return message satisfies never
      }
    },
    row: (deviceId) => rows.get(deviceId),
    subscribeRow: rowSignal.subscribe,
    totalRate: () => {
      let rate: number | null = null
      for (const { progress, report } of rows.values()) {
        if (progress === null) continue
        // What is home has no rate that the rest could arrive at, though its last one dies away slowly.
        const isSending = report === null || report.status.bytes.waiting > 0
        rate = (rate ?? 0) + (isSending ? progress.rateBytesPerSecond : 0)
      }
      return rate
    },
    isComplete: () => complete,
    changed,
    reordered,
  }
}

/** Each field of a delta is whole. A device that is new comes with all of them; a part of an unknown one is of no use. */
export function merge(before: LiveFleetRow | undefined, delta: FleetDelta): LiveFleetRow | null {
  if (before !== undefined) return { ...before, ...delta }
  return isWhole(delta) ? delta : null
}

function isWhole(delta: FleetDelta): delta is LiveFleetRow {
  return (
    delta.name !== undefined && delta.presence !== undefined && delta.fence !== undefined && delta.report !== undefined
  )
}

/** What of a row the server filters, sorts and counts by; bytes and rates alone do not reorder the list. */
function orderKey(row: LiveFleetRow): string {
  const counts = row.report?.status.counts ?? null
  return JSON.stringify([
    row.name,
    row.project?.id ?? null,
    standingOf(row),
    row.presence.state,
    row.sharingPause === null,
    row.openExecutionCount,
    counts,
  ])
}
