'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { FleetRow } from '@rushes/fleet'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { useConnection, useDevice } from '@/live/live-provider.tsx'

const refreshEveryMs = 2_000

/** A device as the server's lists have it, and the live view over it, which is newer wherever it says anything. */
export function useDevicePage(deviceId: string) {
  const api = useApi()
  const refresh = useThrottledRefresh(deviceId)
  const live = useDevice(deviceId, refresh)
  const { state } = useConnection()
  const detail = useQuery({
    ...api.devices.get.queryOptions({ deviceId }),
    refetchInterval: state === 'live' ? false : 10_000,
  })
  const row: FleetRow | LiveFleetRow | null = live.row ?? detail.data?.row ?? null
  return { detail, live, row }
}

/** Reads the lists of this device again, at most every few seconds, the last change included. */
function useThrottledRefresh(deviceId: string): () => void {
  const api = useApi()
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const lastAtMs = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  return () => {
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined
        lastAtMs.current = Date.now()
        void queries.invalidateQueries({
          predicate: ({ queryKey }) => {
            const [path, options] = queryKey
            return Array.isArray(path) && path[0] === 'devices' && JSON.stringify(options).includes(deviceId)
          },
        })
        void queries.invalidateQueries({ queryKey: api.fleet.summary.pathKey() })
      },
      Math.max(300, lastAtMs.current + refreshEveryMs - Date.now()),
    )
  }
}
