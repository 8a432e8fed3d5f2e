import { type BandwidthLimits, everLimits, limitAt } from './destination/bandwidth-limit.ts'
import { createCourier } from './destination/courier.ts'
import { createDestination } from './destination/create-destination.ts'
import { createDispatcher } from './destination/create-dispatcher.ts'
import type { Destination, DestinationSettings } from './destination/port.ts'
import { createThrottle } from './destination/throttle.ts'
import { type ProxySettings, trustAuthorities } from './network-settings.ts'
import type { UploadLink } from './queue/links.ts'
import { agentVersion } from './version.ts'

/** One destination per server, all over one pool of connections. */
export type DestinationPool = {
  settings: DestinationSettings
  /** Bytes per second that all parts together may take of the line at this moment; null: no limit. */
  limitBytesPerSecond(): number | null
  of(link: Pick<UploadLink, 'serverUrl' | 'isOurs'>): Destination
  close(): Promise<void>
}

export function createDestinationPool(options: {
  maxPartsInFlight: number
  allowInsecure: boolean
  bandwidth?: BandwidthLimits | undefined
  caFile?: string | undefined
  proxy: ProxySettings
  onServerTime?: DestinationSettings['onServerTime']
}): DestinationPool {
  const { maxPartsInFlight, proxy } = options
  trustAuthorities(options.caFile ?? null)
  const dispatcher = createDispatcher({ maxPartsInFlight, proxy })
  const { allowInsecure, bandwidth } = options
  const limit = () => (bandwidth === undefined ? null : limitAt(bandwidth, new Date()))
  const { onServerTime } = options
  const shares = bandwidth !== undefined && everLimits(bandwidth)
  const courier = createCourier({ maxPartsInFlight, proxy, caFile: options.caFile ?? null, allowInsecure })
  const settings = {
    ...{ dispatcher, clientVersion: agentVersion, allowInsecure },
    ...(shares ? { throttle: createThrottle({ limit }) } : { courier }),
    ...(onServerTime === undefined ? {} : { onServerTime }),
  }
  const known = new Map<string, Destination>()
  return {
    settings,
    limitBytesPerSecond: limit,
    of({ serverUrl, isOurs }) {
      const key = `${isOurs} ${serverUrl}`
      const destination = known.get(key) ?? createDestination(settings, { baseUrl: serverUrl, isOurs })
      known.set(key, destination)
      return destination
    },
    close: async () => void (await Promise.all([courier.close(), dispatcher.destroy()])),
  }
}
