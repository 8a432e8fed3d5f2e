'use client'
import type { LiveFleetRow } from '@rushes/api'
import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { useNowMs } from '@/ui/use-now.ts'
import { type Connection, createLiveController, type LiveController, maxSilenceMs, type Scope } from './controller.ts'
import type { DeviceView } from './device-store.ts'

const LiveContext = createContext<LiveController | null>(null)

/** Keeps the one live stream of this tab open while the console is shown. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [controller] = useState(() => (typeof window === 'undefined' ? null : createLiveController(signInAgain)))
  useEffect(() => {
    if (controller === null) return
    controller.resume()
    return () => controller.stop()
  }, [controller])
  return <LiveContext value={controller}>{children}</LiveContext>
}

function signInAgain(): void {
  const here = window.location.pathname + window.location.search
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`)
}

const never = () => () => undefined
const connecting: Connection = { state: 'connecting', heardAtMs: null }

export function useConnection(): Connection {
  const live = useContext(LiveContext)
  return useSyncExternalStore(
    live?.connectionChanged.subscribe ?? never,
    () => live?.connection() ?? connecting,
    () => connecting,
  )
}

/** How old what is shown is, in milliseconds; null while the stream is sound. */
export function useStaleMs(): number | null {
  const live = useContext(LiveContext)
  useConnection()
  useNowMs()
  const connection = live?.connection() ?? connecting
  if (connection.heardAtMs === null) return null
  const silentMs = Date.now() - connection.heardAtMs
  return connection.state === 'lost' || silentMs > maxSilenceMs ? silentMs : null
}

/** What the stream says of a device, or the row that a list was loaded with when that is newer. */
export function useFleetRow<Row extends { deviceId: string }>(loaded: Row, loadedAtMs: number): Row | LiveFleetRow {
  const live = useContext(LiveContext)
  const { deviceId } = loaded
  const row = useSyncExternalStore(
    (listener) => live?.fleet.subscribeRow(deviceId, listener) ?? (() => undefined),
    () => live?.fleet.row(deviceId),
    () => undefined,
  )
  if (row === undefined || live === null) return loaded
  const { state, heardAtMs } = live.connection()
  return state === 'live' || (heardAtMs ?? 0) >= loadedAtMs ? row : loaded
}

/** The rate of the whole fleet; null while it is not known. */
export function useFleetRate(): number | null {
  const live = useContext(LiveContext)
  const { state } = useConnection()
  const rate = useSyncExternalStore(
    live?.fleet.changed.subscribe ?? never,
    () => live?.fleet.totalRate() ?? null,
    () => null,
  )
  return state === 'live' && live !== null && live.fleet.isComplete() ? rate : null
}

/** Tells the server which devices are on screen, so that they report every second; `null`: a small fleet, all of it. */
export function useWatchFleet(visibleDeviceIds: readonly string[] | null): void {
  const live = useContext(LiveContext)
  const key = visibleDeviceIds === null ? null : [...visibleDeviceIds].sort().join()
  useEffect(() => {
    if (live === null || key === null) return
    // Scrolling changes what is on screen many times a second; the stream is opened anew once it rests.
    let unwatch: (() => void) | undefined
    const timer = setTimeout(() => {
      const scope: Scope = { kind: 'fleet', visibleDeviceIds: key === '' ? [] : key.split(',') }
      unwatch = live.watch(scope)
    }, 2_000)
    return () => {
      clearTimeout(timer)
      unwatch?.()
    }
  }, [live, key])
}

const noView: DeviceView = {
  row: null,
  uploads: new Map(),
  executions: new Map(),
  progress: new Map(),
  isComplete: false,
}

/** Watches one device in all detail while the page is open. */
export function useDevice(deviceId: string, onEventful: () => void): DeviceView {
  const live = useContext(LiveContext)
  const latest = useRef(onEventful)
  useEffect(() => {
    latest.current = onEventful
  })
  const [store, setStore] = useState<ReturnType<LiveController['device']>>(null)
  useEffect(() => {
    if (live === null) return
    const unwatch = live.watch({ kind: 'device', deviceId })
    const watched = live.device()
    setStore(watched)
    const unsubscribe = watched?.store.eventful.subscribe(() => latest.current())
    return () => {
      unsubscribe?.()
      unwatch()
      setStore(null)
    }
  }, [live, deviceId])
  return useSyncExternalStore(
    store?.store.changed.subscribe ?? never,
    () => store?.store.view() ?? noView,
    () => noView,
  )
}

/** Reads these queries again when the fleet changed in a way that they may show, at most every `everyMs`. */
export function useRefreshOnChange(queryKeys: readonly (readonly unknown[])[], everyMs = 2_000): void {
  useRefresh(
    queryKeys,
    useCallback((live, refreshIn) => live.fleet.reordered.subscribe(() => refreshIn(300)), []),
    everyMs,
  )
}

/** Reads these queries again when something of one device or of its clips changed: at once, then at most every `everyMs`. */
export function useRefreshOnDeviceChange(
  deviceId: string | null,
  queryKeys: readonly (readonly unknown[])[],
  everyMs: number,
): void {
  useRefresh(
    queryKeys,
    useCallback(
      (live, refreshIn) => {
        if (deviceId === null) return () => undefined
        let seenAt = live.fleet.row(deviceId)?.changedAt
        return live.fleet.subscribeRow(deviceId, () => {
          const changedAt = live.fleet.row(deviceId)?.changedAt
          if (changedAt !== seenAt) refreshIn(0)
          seenAt = changedAt
        })
      },
      [deviceId],
    ),
    everyMs,
  )
}

/** `subscribe` must be the same as long as what it listens to is. */
function useRefresh(
  queryKeys: readonly (readonly unknown[])[],
  subscribe: (live: LiveController, refreshIn: (leastMs: number) => void) => () => void,
  everyMs: number,
): void {
  const live = useContext(LiveContext)
  const queries = useQueryClient()
  const keys = useRef(queryKeys)
  useEffect(() => {
    keys.current = queryKeys
  })
  useEffect(() => {
    if (live === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let lastAtMs = 0
    const refresh = () => {
      timer = undefined
      lastAtMs = Date.now()
      for (const queryKey of keys.current) void queries.invalidateQueries({ queryKey })
    }
    const unsubscribe = subscribe(live, (leastMs) => {
      timer ??= setTimeout(refresh, Math.max(leastMs, lastAtMs + everyMs - Date.now()))
    })
    return () => {
      unsubscribe()
      clearTimeout(timer)
    }
  }, [live, queries, subscribe, everyMs])
}
