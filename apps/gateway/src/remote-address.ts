import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/**
 * Tells who is at the other end of a request. `x-forwarded-for` is believed as far as trusted proxies wrote it: read from the
 * right, the first address that is not one of them is the client.
 */
export function remoteAddressReader(trustedProxies: readonly string[]): (request: IncomingMessage) => string | null {
  const trusted = new BlockList()
  for (const range of trustedProxies) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(prefix), family)
  }
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (request) => {
    const direct = plainAddress(request.socket.remoteAddress ?? '')
    if (direct === null) return null
    const forwarded = request.headers['x-forwarded-for']
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',').map(plainAddress)
    let client = direct
    while (isTrusted(client)) {
      const hop = hops.pop()
      if (hop === undefined || hop === null) break
      client = hop
    }
    return client
  }
}

/** An IPv4 address that came in on an IPv6 socket is written `::ffff:192.0.2.1`. */
function plainAddress(text: string): string | null {
  const address = text.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(address) === 0 ? null : address
}
