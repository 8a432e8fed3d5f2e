import type { IncomingMessage } from 'node:http'
import { clientAddressReader } from '@rushes/fleet'

/** Tells who is at the other end of a request, behind the proxies that are trusted. */
export function remoteAddressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string | null {
  const read = clientAddressReader(trustedProxies)
  return ({ socket, headers }) =>
    read({ socketAddress: socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] })
}
