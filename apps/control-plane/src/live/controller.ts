import type { LiveRouter } from '@rushes/api'
import { createTRPCClient, httpSubscriptionLink, TRPCClientError } from '@trpc/client'
import { learnServerTime } from '../ui/use-now.ts'
import { createDeviceStore, type DeviceStore } from './device-store.ts'
import { createFleetStore, type FleetStore } from './fleet-store.ts'
import { createSignal, type Signal } from './signal.ts'

/** What the one stream of this tab carries: the fleet, or one device in all detail. */
export type Scope = { kind: 'fleet'; visibleDeviceIds?: readonly string[] } | { kind: 'device'; deviceId: string }

export type Connection = {
  /** `live`: what is shown is what the server knows. `lost`: it was, and is not now. */
  state: 'connecting' | 'live' | 'lost'
  /** When something was last heard, by `Date.now()`; null: never. */
  heardAtMs: number | null
}

export type LiveController = {
  fleet: FleetStore
  /** The store of the device that is watched; null while none is. */
  device(): { deviceId: string; store: DeviceStore } | null
  connection(): Connection
  connectionChanged: Signal
  /** Opens the stream for this scope instead of the former one; the answer goes back to the fleet. */
  watch(scope: Scope): () => void
  /** Opens the stream, also after it was stopped. */
  resume(): void
  stop(): void
}

const flushMs = 250
/** The server says something at least every few seconds; a longer silence is a loss, whatever the socket believes. */
export const maxSilenceMs = 10_000
const maxRetryDelayMs = 30_000

/** Holds the one live stream of a tab and what came over it. A shared stream of several tabs can take its place: nobody else knows of it. */
export function createLiveController(onSignedOut: () => void): LiveController {
  const client = createTRPCClient<LiveRouter>({ links: [httpSubscriptionLink({ url: '/live' })] })
  const fleet = createFleetStore(paced(flushMs))
  const connectionChanged = createSignal()
  let connection: Connection = { state: 'connecting', heardAtMs: null }
  let scope: Scope = { kind: 'fleet' }
  let device: { deviceId: string; store: DeviceStore } | null = null
  let open: { unsubscribe(): void } | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let isStopped = true

  const setConnection = (state: Connection['state'], heardAtMs = connection.heardAtMs) => {
    const isNews = state !== connection.state
    connection = { state, heardAtMs }
    if (isNews) connectionChanged.emit()
  }
  const heard = (message: { type: string; at?: string }) => {
    if (message.at !== undefined) learnServerTime(message.at)
    attempt = 0
    const isCurrent = connection.state === 'live' || message.type === 'snapshotEnd' || message.type === 'resumed'
    setConnection(isCurrent ? 'live' : connection.state, Date.now())
  }
  const lost = () => setConnection(connection.heardAtMs === null ? 'connecting' : 'lost')
  const handlers = {
    onConnectionStateChange: (change: { state: string }) => {
      if (change.state === 'connecting') lost()
    },
    onError: (error: unknown) => {
      open = null
      lost()
      if (error instanceof TRPCClientError && error.data?.code === 'UNAUTHORIZED') return onSignedOut()
      reopenLater()
    },
    onComplete: () => {
      open = null
      lost()
      reopenLater()
    },
  }

  function reopenLater(): void {
    if (isStopped) return
    attempt += 1
    const ceilingMs = Math.min(maxRetryDelayMs, 500 * 2 ** attempt)
    clearTimeout(retry)
    // Full jitter: all browsers lost the server at the same moment.
    retry = setTimeout(start, 250 + Math.random() * ceilingMs)
  }

  /** A page that leaves and one that comes both ask at the same moment; the last one counts. */
  function startSoon(): void {
    open?.unsubscribe()
    open = null
    clearTimeout(retry)
    if (!isStopped) retry = setTimeout(start, 30)
  }

  function start(): void {
    open?.unsubscribe()
    if (scope.kind === 'fleet') {
      const input = scope.visibleDeviceIds === undefined ? {} : { visibleDeviceIds: [...scope.visibleDeviceIds] }
      open = client.live.fleet.subscribe(input, {
        ...handlers,
        onData: ({ data }) => {
          fleet.apply(data)
          heard(data)
        },
      })
      return
    }
    const { deviceId } = scope
    const store = device?.store
    if (store === undefined) return
    open = client.live.device.subscribe(
      { deviceId },
      {
        ...handlers,
        onData: ({ data }) => {
          store.apply(data)
          heard(data)
        },
      },
    )
  }

  return {
    fleet,
    device: () => device,
    resume() {
      isStopped = false
      startSoon()
    },
    connection: () => connection,
    connectionChanged,
    watch(next) {
      scope = next
      if (next.kind === 'device') device = { deviceId: next.deviceId, store: createDeviceStore(paced(flushMs)) }
      attempt = 0
      setConnection('connecting')
      startSoon()
      return () => {
        if (scope !== next) return
        scope = { kind: 'fleet' }
        device = null
        setConnection('connecting')
        startSoon()
      }
    },
    stop() {
      isStopped = true
      clearTimeout(retry)
      open?.unsubscribe()
      open = null
    },
  }
}

/** Calls back at once after a while of rest, else when `everyMs` have passed since it was called back last. */
function paced(everyMs: number): (flush: () => void) => void {
  let nextAtMs = Number.NEGATIVE_INFINITY
  return (flush) => {
    const nowMs = performance.now()
    const atMs = Math.max(nowMs, nextAtMs)
    nextAtMs = atMs + everyMs
    setTimeout(flush, atMs - nowMs)
  }
}
