import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type ActiveByteFault, type ByteFault, passBytes } from './byte-faults.ts'
import { firstHalfOf } from './first-half.ts'
import { listenOnFreePort } from './listener.ts'
import type { RequestGate } from './request-gate.ts'
import { matchesPattern, type ProxiedRequest, type RequestPattern } from './request-pattern.ts'

export type HttpFault =
  /** On the body of the request (the default) or of the response. */
  | (ByteFault & { of?: 'request' | 'response' })
  /** Answers itself once the request's body has come; the upstream sees nothing of it. */
  | { kind: 'reply'; status: number; headers?: Record<string, string>; body?: string }
  /** The upstream processes the request and answers; the client's connection is reset instead of the answer. */
  | { kind: 'loseReply' }
  /** The upstream processes the request; the client gets the first half of the answer, counted from its status line, and then the end of the connection. */
  | { kind: 'truncateReply' }
  /** Holds the request before the upstream sees it, or its answer before the client does. */
  | { kind: 'gate'; gate: RequestGate; before?: 'upstream' | 'reply' }

export type InjectOptions = {
  when?: RequestPattern
  /** Counted among the matching requests from 1; with it one request is hit, without it all are. */
  nth?: number
  /** How many, from the `nth` on. */
  times?: number
}

export type InjectedFault = {
  readonly hitCount: number
  readonly firstHit: Promise<ProxiedRequest>
  remove(): void
}

export type LoggedRequest = ProxiedRequest & {
  /** When its head had come; milliseconds by a clock that never goes back. */
  beganAt: number
  /** Bytes of the body that were passed to the upstream. */
  requestBytes: number
  /** The status that the client was sent; undefined while it waits, and when it got none. */
  status: number | undefined
}

export type HttpFaultProxy = {
  readonly url: string
  readonly port: number
  inject(fault: HttpFault, options?: InjectOptions): InjectedFault
  /** Removes every fault; what was stalled flows on. */
  heal(): void
  /** Every request so far, oldest first; at most the last 10,000. */
  readonly requests: readonly LoggedRequest[]
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Ends all connections now, upgraded ones (WebSocket) too. */
  cutConnections(how?: 'close' | 'reset'): void
  close(): Promise<void>
}

const maxLogged = 10_000

type Rule = InjectedFault & {
  readonly fault: HttpFault
  readonly removed: AbortSignal
  hit(request: ProxiedRequest): boolean
}

/**
 * A proxy in front of one HTTP server that spoils chosen requests. Headers, Host among them, pass unchanged, so signed
 * URLs stay good. Upgraded connections are passed through; put a TCP proxy in front to spoil what flows in them.
 */
export async function startHttpFaultProxy(options: { upstream: string }): Promise<HttpFaultProxy> {
  const upstream = new URL(options.upstream)
  const rules = new Set<Rule>()
  const requests: LoggedRequest[] = []
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 })
  const listener = await listenOnFreePort(server)
  const log = (request: ProxiedRequest): LoggedRequest => {
    const entry = { ...request, beganAt: performance.now(), requestBytes: 0, status: undefined }
    if (requests.push(entry) > maxLogged) requests.shift()
    return entry
  }
  server.on('request', (incoming, outgoing) => {
    const request = describe(incoming)
    const hit = [...rules].filter((rule) => rule.hit(request))
    forward(upstream, log(request), incoming, outgoing, hit).catch(() => incoming.socket.resetAndDestroy())
  })
  server.on('upgrade', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    const request = describe(incoming)
    const hit = [...rules].filter((rule) => rule.hit(request))
    tunnel(upstream, request, incoming, client, head, hit).catch(() => client.resetAndDestroy())
  })
  const heal = () => {
    for (const rule of rules) rule.remove()
  }
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    inject: (fault, injectOptions = {}) => {
      const rule = createRule(fault, injectOptions, () => rules.delete(rule))
      rules.add(rule)
      return rule
    },
    heal,
    requests,
    refuse: listener.refuse,
    accept: listener.accept,
    cutConnections: (how = 'reset') => listener.cutConnections(how),
    close: async () => {
      heal()
      await listener.close()
    },
  }
}

function describe(incoming: IncomingMessage): ProxiedRequest {
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers }
}

function createRule(fault: HttpFault, options: InjectOptions, onRemove: () => void): Rule {
  const { when = {}, nth = 1, times = options.nth === undefined ? Number.POSITIVE_INFINITY : 1 } = options
  const removal = new AbortController()
  const first = Promise.withResolvers<ProxiedRequest>()
  let seen = 0
  let hitCount = 0
  return {
    fault,
    removed: removal.signal,
    firstHit: first.promise,
    get hitCount() {
      return hitCount
    },
    hit: (request) => {
      if (!matchesPattern(when, request)) return false
      seen += 1
      if (seen < nth || seen >= nth + times) return false
      hitCount += 1
      first.resolve(request)
      return true
    },
    remove: () => {
      removal.abort()
      onRemove()
    },
  }
}

async function forward(
  upstream: URL,
  log: LoggedRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  rules: readonly Rule[],
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort(new Error('the client is gone')))
  await passGates(rules, 'upstream', log)
  const reply = rules.map((rule) => rule.fault).find((fault) => fault.kind === 'reply')
  if (reply !== undefined) {
    for await (const _chunk of incoming); // read to the end, so that the client gets the answer and not a broken pipe
    log.status = reply.status
    outgoing.writeHead(reply.status, reply.headers).end(reply.body ?? '')
    return
  }
  const far = httpRequest({
    host: upstream.hostname,
    port: upstream.port,
    method: log.method,
    path: log.path,
    headers: incoming.rawHeaders,
    agent: false,
    signal: gone.signal,
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => far.on('response', resolve).on('error', reject))
  const sent = passBytes(
    incoming,
    async (bytes) => {
      await new Promise<void>((resolve, reject) => far.write(bytes, (error) => (error ? reject(error) : resolve())))
      log.requestBytes += bytes.length
    },
    byteFaults(rules, 'request'),
    gone.signal,
  )
  // An upstream may answer before it has read all; then the answer goes back at once and the rest of the body is moot.
  const early = await Promise.race([sent, answered])
  if (early === 'close' || early === 'reset') return breakOff(early, incoming.socket, far)
  if (early === 'ended') far.end()
  else sent.catch(() => undefined) // cannot be written any more, which the upstream wanted
  const answer = await answered
  if (rules.some((rule) => rule.fault.kind === 'loseReply')) {
    for await (const _chunk of answer); // the upstream has finished when its answer is complete
    return breakOff('reset', incoming.socket, far)
  }
  if (rules.some((rule) => rule.fault.kind === 'truncateReply')) {
    incoming.socket.end(await firstHalfOf(answer))
    return
  }
  await passGates(rules, 'reply', log)
  log.status = answer.statusCode ?? 0
  outgoing.writeHead(log.status, answer.statusMessage, answer.rawHeaders)
  outgoing.flushHeaders()
  const outcome = await passBytes(
    answer,
    (bytes) => new Promise((resolve, reject) => outgoing.write(bytes, (error) => (error ? reject(error) : resolve()))),
    byteFaults(rules, 'response'),
    gone.signal,
  )
  if (outcome === 'ended') outgoing.end()
  else breakOff(outcome, incoming.socket, far)
}

async function tunnel(
  upstream: URL,
  request: ProxiedRequest,
  incoming: IncomingMessage,
  client: Socket,
  head: Buffer,
  rules: readonly Rule[],
): Promise<void> {
  await passGates(rules, 'upstream', request)
  const reply = rules.map((rule) => rule.fault).find((fault) => fault.kind === 'reply')
  if (reply !== undefined) {
    client.end(`HTTP/1.1 ${reply.status} Replaced\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    return
  }
  const far = connect({ host: upstream.hostname, port: Number(upstream.port), noDelay: true })
  far.on('error', () => client.resetAndDestroy())
  far.on('close', () => client.destroy())
  client.on('close', () => far.destroy())
  const lines = [`${request.method} ${request.path} HTTP/1.1`]
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`)
  }
  far.write(`${lines.join('\r\n')}\r\n\r\n`)
  far.write(head)
  client.pipe(far).pipe(client)
}

async function passGates(rules: readonly Rule[], before: 'upstream' | 'reply', request: ProxiedRequest): Promise<void> {
  for (const { fault } of rules) {
    if (fault.kind === 'gate' && (fault.before ?? 'upstream') === before) await fault.gate.pass(request)
  }
}

function byteFaults(rules: readonly Rule[], of: 'request' | 'response'): () => ActiveByteFault[] {
  return () =>
    rules.flatMap(({ fault, removed }) =>
      isByteFault(fault) && (fault.of ?? 'request') === of ? [{ fault, removed, onHit: () => undefined }] : [],
    )
}

const notOfBytes = new Set<HttpFault['kind']>(['reply', 'loseReply', 'truncateReply', 'gate'])

function isByteFault(fault: HttpFault): fault is Extract<HttpFault, ByteFault> {
  return !notOfBytes.has(fault.kind)
}

function breakOff(how: 'close' | 'reset', client: Socket, far: { destroy(): unknown }): void {
  far.destroy()
  if (how === 'reset') client.resetAndDestroy()
  else client.destroy()
}
