import { BlockList, isIP } from 'node:net'

/** How a request came: the address at the other end of its connection, and what `x-forwarded-for` says of the ones before it. */
export type RequestPath = { socketAddress: string | undefined; forwardedFor: string | string[] | undefined }

/**
 * Tells who is at the far end of a request; null where nobody can tell. `x-forwarded-for` is believed as far as trusted proxies wrote it:
 * read from the right, the first address that is not one of them is the client.
 *
 * @param trustedProxies addresses or CIDR ranges
 * @throws TypeError when one of them is neither
 */
export function clientAddressReader(trustedProxies: readonly string[]): (path: RequestPath) => string | null {
  const trusted = new BlockList()
  for (const range of trustedProxies) {
    const [address = '', prefix] = range.split('/')
    if (prefix === undefined) trusted.addAddress(address, familyOf(address))
    else trusted.addSubnet(address, Number(prefix), familyOf(address))
  }

  return ({ socketAddress, forwardedFor }) => {
    const direct = plainAddress(socketAddress ?? '')
    if (direct === null) return null
    const hops = [forwardedFor ?? ''].flat().join(',').split(',').map(plainAddress)
    let client = direct
    while (trusted.check(client, familyOf(client))) {
      const hop = hops.pop()
      if (hop === undefined || hop === null) break
      client = hop
    }
    return client
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** An IPv4 address that came in on an IPv6 socket is written `::ffff:192.0.2.1`. */
function plainAddress(text: string): string | null {
  const address = text.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(address) === 0 ? null : address
}
