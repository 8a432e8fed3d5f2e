import type { ProxySettings } from '../network-settings.ts'

const defaultPorts: Record<string, number> = { 'http:': 80, 'ws:': 80, 'https:': 443, 'wss:': 443 }

export const portOf = ({ port, protocol }: URL): number => Number(port) || (defaultPorts[protocol] ?? 0)

/** A host as sockets want it: an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.+)\]$/, '$1')

/**
 * The proxy through which an address is reached, by the usual rules of NO_PROXY; null where it is reached directly. As those who connect do
 * it: for `https:` undici falls back to HTTP_PROXY, for `wss:` Node.js does not.
 */
export function proxyFor(url: URL, { httpProxy, httpsProxy, noProxy }: ProxySettings): URL | null {
  const proxies: Record<string, string> = { 'https:': httpsProxy || httpProxy, 'wss:': httpsProxy }
  const proxy = proxies[url.protocol] ?? httpProxy
  if (proxy === '') return null
  const host = hostOf(url).toLowerCase()
  const isExempt = noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = entry, port] = /^([^:]+|\[.+\]):(\d+)$/.exec(entry) ?? []
      if (port !== undefined && Number(port) !== portOf(url)) return false
      const suffix = name.replace(/^\[(.+)\]$/, '$1').replace(/^\*?\./, '')
      return name === '*' || host.endsWith(`.${suffix}`) || (host === suffix && !name.startsWith('*'))
    })
  return isExempt ? null : new URL(proxy)
}
