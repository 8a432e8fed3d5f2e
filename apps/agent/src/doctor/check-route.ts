import { lookup } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { connect, isIP, type Socket } from 'node:net'
import tls from 'node:tls'
import { errorCode } from '../agent-error.ts'
import { networkClass } from '../destination/network-failure.ts'
import { type Check, well, wrong } from './check.ts'
import { describeCertificate } from './describe-certificate.ts'
import { hostOf, portOf } from './proxy-for.ts'

export type Route = {
  /** Where it leads; also `ws:` and `wss:`. */
  url: URL
  of: 'destination' | 'gateway'
  /** What stands in between; null: nothing. */
  proxy: URL | null
  /** Longest duration of each step. */
  timeoutMs: number
}

/**
 * Goes the way to a server step by step and tells of each: its name (or that of the proxy), a connection, the proxy's leave, encryption.
 * Returns whether it leads there. Nothing is sent to the server.
 */
export async function* checkRoute(route: Route): AsyncGenerator<Check, boolean> {
  const isSecure = route.url.protocol === 'https:' || route.url.protocol === 'wss:'
  for (const step of [checkName, checkConnection]) {
    const check = await step(route)
    if (check !== null) yield check
    if (check?.ok === false) return false
  }
  if (!isSecure) return true
  let tunnel: Socket | null = null
  if (route.proxy !== null) {
    const asked = await askProxy(route, route.proxy)
    yield asked.check
    if (asked.socket === null) return false
    tunnel = asked.socket
  }
  const encryption = await checkEncryption(route, tunnel)
  yield encryption
  return encryption.ok
}

/** The machine that is connected to: the proxy's, where there is one. */
const firstHop = ({ url, proxy }: Route) => {
  const hop = proxy ?? url
  return { host: hostOf(hop), port: portOf(hop), shown: `${proxy === null ? '' : 'the proxy '}${hop.hostname}` }
}

const isLate = (error: unknown) => error instanceof Error && error.name === 'TimeoutError'

async function checkName(route: Route): Promise<Check | null> {
  const { host, shown } = firstHop(route)
  if (isIP(host) !== 0) return null
  const check = `${route.of}.name` as const
  try {
    const found = await within(route.timeoutMs, lookup(host, { all: true }))
    const addresses = found.map(({ address }) => address).slice(0, 4)
    return well(check, `${shown} is ${addresses.join(', ')}`)
  } catch (error) {
    const code = isLate(error) ? 'ETIMEDOUT' : errorCode(error)
    const advice =
      code === 'ENOTFOUND'
        ? `Check the name, and whether this network's name servers know it: getent hosts ${host}`
        : 'No name server answers: check the cable or the Wi-Fi, then the name servers of this network.'
    return wrong(check, `the name of ${shown} cannot be resolved (${code})`, advice)
  }
}

async function checkConnection(route: Route): Promise<Check> {
  const { host, port, shown } = firstHop(route)
  const check = `${route.of}.connection` as const
  const socket = connect({ host, port })
  try {
    await within(route.timeoutMs, once(socket, 'connect'))
    return well(check, `${shown} takes connections at port ${port}`)
  } catch (error) {
    const code = isLate(error) ? 'ETIMEDOUT' : errorCode(error)
    return wrong(check, `no connection to ${shown}, port ${port} (${code})`, adviceOn(code, route))
  } finally {
    socket.destroy()
  }
}

function adviceOn(code: string, { proxy }: Route): string {
  const kind = networkClass(code)
  if (kind === 'refused')
    return proxy === null
      ? 'Nothing listens there: check the port of the address; else the server is down.'
      : 'Nothing listens there: check HTTPS_PROXY (for the service in /etc/default/rushes-agent), or ask whoever runs the proxy.'
  if (kind === 'unreachable') return 'No route leads there: check the cable or the Wi-Fi, the gateway and any VPN.'
  return 'Nothing answers: most often a firewall drops it. Ask whoever runs the network to let this device out to that port.'
}

type Asked = { check: Check; socket: Socket | null }

/** Asks the proxy for a way to the server. */
async function askProxy({ url, of, timeoutMs }: Route, proxy: URL): Promise<Asked> {
  const check = `${of}.proxy` as const
  const target = `${url.hostname}:${portOf(url)}`
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const request = (proxy.protocol === 'https:' ? https : http).request({
    ...{ host: hostOf(proxy), port: portOf(proxy), method: 'CONNECT', path: target, agent: false },
    headers: {
      host: target,
      ...(proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${btoa(credentials)}` }),
    },
  })
  const answered = Promise.withResolvers<{ status: number; socket: Socket | null }>()
  request.on('connect', ({ statusCode = 0 }, socket) => answered.resolve({ status: statusCode, socket }))
  request.on('response', ({ statusCode = 0 }) => answered.resolve({ status: statusCode, socket: null }))
  request.on('error', answered.reject)
  request.end()
  try {
    const { status, socket } = await within(timeoutMs, answered.promise)
    if (status === 200 && socket !== null)
      return { check: well(check, `the proxy ${proxy.host} leads to ${target}`), socket }
    socket?.destroy()
    const advice =
      status === 407
        ? 'It wants to know who asks: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT'
        : `Ask whoever runs the proxy to let this device out to ${target}.`
    return { check: wrong(check, `the proxy ${proxy.host} refuses ${target} (HTTP ${status})`, advice), socket: null }
  } catch (error) {
    request.destroy()
    const code = isLate(error) ? 'ETIMEDOUT' : errorCode(error)
    const advice = 'Check HTTPS_PROXY: what answers at that port does not speak as a proxy does.'
    return { check: wrong(check, `the proxy ${proxy.host} does not answer (${code})`, advice), socket: null }
  }
}

async function checkEncryption(route: Route, tunnel: Socket | null): Promise<Check> {
  const { url, of, timeoutMs } = route
  const check = `${of}.encryption` as const
  const host = hostOf(url)
  // Looked at whatever it is: what is wrong with it is to be told. Nothing is sent.
  const options = { rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) }
  const socket = tls.connect(
    tunnel === null ? { ...options, host, port: portOf(url) } : { ...options, host, socket: tunnel },
  )
  try {
    await within(timeoutMs, once(socket, 'secureConnect'))
    const refused: unknown = socket.authorized ? null : socket.authorizationError
    const code = refused === null ? null : typeof refused === 'string' ? refused : errorCode(refused)
    return describeCertificate(check, host, socket.getPeerCertificate(), code)
  } catch (error) {
    const code = isLate(error) ? 'ETIMEDOUT' : errorCode(error)
    return wrong(
      check,
      `${host} takes no encrypted connection at port ${portOf(url)} (${code})`,
      'Check the port: what answers there does not speak TLS, or something in between breaks it.',
    )
  } finally {
    socket.destroy()
    tunnel?.destroy()
  }
}

function once(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    // Stays: what fails after it was looked at is of no interest.
    socket.on('error', reject)
  })
}

/** Rejects with a `TimeoutError` when it takes longer. */
async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new DOMException('too late', 'TimeoutError')), timeoutMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
