import { createDestination } from './destination/create-destination.ts'
import { createDispatcher } from './destination/create-dispatcher.ts'
import type { Destination, DestinationSettings } from './destination/port.ts'
import type { UploadLink } from './queue/links.ts'
import { agentVersion } from './version.ts'

/** One destination per server, all over one pool of connections. */
export type DestinationPool = {
  settings: DestinationSettings
  of(link: Pick<UploadLink, 'serverUrl' | 'isOurs'>): Destination
  close(): Promise<void>
}

export function createDestinationPool(options: { maxPartsInFlight: number; allowInsecure: boolean }): DestinationPool {
  const dispatcher = createDispatcher({ maxPartsInFlight: options.maxPartsInFlight })
  const settings = { dispatcher, clientVersion: agentVersion, allowInsecure: options.allowInsecure }
  const known = new Map<string, Destination>()
  return {
    settings,
    of({ serverUrl, isOurs }) {
      const key = `${isOurs} ${serverUrl}`
      const destination = known.get(key) ?? createDestination(settings, { baseUrl: serverUrl, isOurs })
      known.set(key, destination)
      return destination
    },
    close: () => dispatcher.destroy(),
  }
}
