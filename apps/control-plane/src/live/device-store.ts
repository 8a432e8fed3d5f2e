import type { DeviceMessage, LiveFleetRow, UploadProgressRow } from '@rushes/api'
import type { ExecutionRow, UploadRow } from '@rushes/fleet'
import { merge } from './fleet-store.ts'
import { createSignal, type Signal } from './signal.ts'

export type DeviceView = {
  row: LiveFleetRow | null
  /** By id: those that are not settled, the newest of the rest, and whatever has changed since. */
  uploads: ReadonlyMap<string, UploadRow>
  executions: ReadonlyMap<string, ExecutionRow>
  progress: ReadonlyMap<string, UploadProgressRow>
  isComplete: boolean
}

export type DeviceStore = {
  apply(message: DeviceMessage): void
  view(): DeviceView
  changed: Signal
  /** Something was added to the timeline, or a clip changed its state: the server's lists may be old. */
  eventful: Signal
}

const nothing: DeviceView = {
  row: null,
  uploads: new Map(),
  executions: new Map(),
  progress: new Map(),
  isComplete: false,
}

/** One device as the stream last told of it. Listeners are told once per `schedule`. */
export function createDeviceStore(schedule: (flush: () => void) => void): DeviceStore {
  let view = nothing
  /** What arrives of a snapshot, shown once it is whole, so that the page never shows half a queue as a whole one. */
  let arriving: DeviceView | null = null
  let isScheduled = false
  let hasEvents = false
  const [changed, eventful] = [createSignal(), createSignal()]

  const flush = () => {
    isScheduled = false
    changed.emit()
    if (!hasEvents) return
    hasEvents = false
    eventful.emit()
  }
  const show = (next: DeviceView) => {
    view = next
    if (isScheduled) return
    isScheduled = true
    schedule(flush)
  }

  return {
    apply(message) {
      switch (message.type) {
        case 'snapshot':
          arriving = add(arriving ?? nothing, message, message.row)
          return
        case 'snapshotEnd':
          hasEvents = true
          show({ ...(arriving ?? nothing), isComplete: true })
          arriving = null
          return
        case 'changes': {
          const row = message.row === null ? view.row : (merge(view.row ?? undefined, message.row) ?? view.row)
          hasEvents ||= message.hasNewEvents || message.uploads.length > 0 || message.executions.length > 0
          show(add(view, message, row))
          return
        }
        case 'resumed':
        case 'heartbeat':
          return
        default:
          return message satisfies never
      }
    },
    view: () => view,
    changed,
    eventful,
  }
}

function add(
  view: DeviceView,
  news: { uploads: UploadRow[]; executions: ExecutionRow[]; progress: UploadProgressRow[] },
  row: LiveFleetRow | null,
): DeviceView {
  return {
    row,
    uploads: extend(view.uploads, news.uploads, (upload) => upload.id),
    executions: extend(view.executions, news.executions, (execution) => execution.executionId),
    progress: extend(view.progress, news.progress, (progress) => progress.uploadId),
    isComplete: view.isComplete,
  }
}

function extend<Value>(known: ReadonlyMap<string, Value>, news: readonly Value[], keyOf: (value: Value) => string) {
  if (news.length === 0) return known
  const extended = new Map(known)
  for (const value of news) extended.set(keyOf(value), value)
  return extended
}
