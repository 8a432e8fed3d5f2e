import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { ProxySettings } from '../network-settings.ts'

/** Room for calls of the API beside the parts, creates and some more: a heartbeat or a refresh must never queue behind a part of a gigabyte. */
const apiConnectionCount = 36

/**
 * The connection pool of the upload link: kept alive between requests, at most `maxPartsInFlight` and a few more per origin. Whoever
 * makes it ends it (`close` waits for what is under way, `destroy` does not).
 */
export function createDispatcher(limits: {
  maxPartsInFlight: number
  connectTimeoutMs?: number
  proxy?: ProxySettings
}): Dispatcher {
  const options: Agent.Options = {
    connections: limits.maxPartsInFlight + apiConnectionCount,
    connectTimeout: limits.connectTimeoutMs ?? 10_000,
    // One request at a time on a connection: the failure of one must not take others with it.
    pipelining: 1,
    allowH2: false,
    // A server's own hint may keep a connection longer; without one, an idle connection is closed before servers commonly do.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
    // A part that turns out shorter or longer than its Content-Length must never be finished.
    strictContentLength: true,
  }
  const { proxy } = limits
  if (proxy === undefined || (proxy.httpProxy === '' && proxy.httpsProxy === '')) return new Agent(options)
  return new EnvHttpProxyAgent({ ...options, ...proxy })
}
