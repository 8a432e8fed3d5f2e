import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { c2cErrors } from '@rushes/protocol'
import { additionRoutes } from './addition-routes.ts'
import { assetRoutes } from './asset-routes.ts'
import { authRoutes } from './auth-routes.ts'
import { deviceRoutes } from './device-routes.ts'
import type { ActiveFault, Fault } from './fault.ts'
import { receivePart } from './part-route.ts'
import { detailedReply, type Reply } from './replies.ts'
import type { LoggedRequest, RequestLog } from './request-log.ts'
import type { ApiRoutes, RouteRequest } from './route.ts'
import type { World } from './world.ts'

const apiRoutes: ApiRoutes = { ...authRoutes, ...deviceRoutes, ...assetRoutes, ...additionRoutes }
const maxApiBodyBytes = 4_000_000

type Intake = {
  write(chunk: Uint8Array): void
  finish(): Reply | Promise<Reply>
  discard(): void
  acknowledge(): void
}

/** Answers one request, spoiled by the faults that hit it. Rejects when the client breaks off. */
export async function serve(
  world: World,
  log: RequestLog,
  entry: LoggedRequest,
  exchange: { incoming: IncomingMessage; outgoing: ServerResponse },
  hits: readonly ActiveFault[],
): Promise<void> {
  const { incoming, outgoing } = exchange
  const { socket } = incoming // taken now: a request that was not read to its end gives it up
  const clientGone = new AbortController()
  const gone = new Promise<void>((resolve) => outgoing.once('close', resolve))
  outgoing.once('close', () => clientGone.abort())
  const request = routeRequest(entry, incoming)
  const replaced = find(hits, 'reply')
  if (replaced?.early === true) return send(outgoing, entry, replyOf(replaced))
  const intake = entry.operation === 'part' ? receivePart(world, request) : receiveCall(world, request)
  const cut = await readBody(world, entry, incoming, intake, hits, gone).catch((error: unknown) => {
    intake.discard()
    throw error
  })
  log.changed()
  if (cut === 'reset' || find(hits, 'dropBefore') !== undefined) {
    intake.discard()
    socket.resetAndDestroy()
    return
  }
  const delay = find(hits, 'latency')
  if (delay !== undefined) await sleep(delay.delayMs, undefined, { signal: clientGone.signal })
  if (replaced !== undefined) {
    intake.discard()
    return send(outgoing, entry, replyOf(replaced))
  }
  const reply = await intake.finish()
  log.changed()
  const held = hits.find(({ fault }) => fault.kind === 'stall' && fault.at === 'reply')
  if (held !== undefined) await Promise.race([held.removed, gone])
  if (find(hits, 'loseReply') !== undefined) {
    socket.resetAndDestroy()
    return
  }
  if (find(hits, 'truncateReply') !== undefined) {
    outgoing.writeHead(reply.status, { ...reply.headers, 'content-length': String(reply.body.length + 100) })
    outgoing.write(reply.body.slice(0, reply.body.length / 2), () => socket.resetAndDestroy())
    return
  }
  await send(outgoing, entry, reply)
  if (reply.status < 300) intake.acknowledge()
}

async function readBody(
  world: World,
  entry: LoggedRequest,
  incoming: IncomingMessage,
  intake: Intake,
  hits: readonly ActiveFault[],
  gone: Promise<void>,
): Promise<'whole' | 'reset'> {
  const digest = world.store.newDigest()
  const reset = find(hits, 'resetMidBody')
  const stalls = hits.filter(({ fault }) => fault.kind === 'stall' && fault.at === 'body')
  const due = () =>
    stalls.findIndex(
      ({ fault }) => fault.kind === 'stall' && fault.at === 'body' && entry.bodyBytes >= fault.afterBytes,
    )
  for await (const chunk of incoming) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a body comes in bytes')
    entry.bodyBytes += chunk.byteLength
    digest.update(chunk)
    if (reset !== undefined && entry.bodyBytes >= reset.afterBytes) return 'reset'
    intake.write(chunk)
    for (let at = due(); at >= 0; at = due()) {
      const [stall] = stalls.splice(at, 1)
      await Promise.race([stall?.removed, gone])
    }
  }
  entry.bodyXxh64 = digest.hex()
  return 'whole'
}

/** Collects the body of an API call and hands it, parsed, to its route. */
function receiveCall(world: World, request: RouteRequest): Intake {
  const { entry, headers } = request
  const chunks: Buffer[] = []
  return {
    write: (chunk) => {
      if (entry.bodyBytes > maxApiBodyBytes) throw new RangeError('the body of an API call is too long')
      chunks.push(Buffer.from(chunk))
    },
    finish: async () => {
      if (headers['x-client-version'] === undefined) world.noteViolation(`${entry.path}: no x-client-version`)
      entry.body = await parseBody(Buffer.concat(chunks), headers['content-type'] ?? '')
      const route = apiRoutes[entry.operation]
      return route === undefined ? detailedReply(c2cErrors.notFound) : route(world, request, entry.body)
    },
    discard: () => undefined,
    acknowledge: () => undefined,
  }
}

async function parseBody(body: Buffer, contentType: string): Promise<unknown> {
  if (body.length === 0) return null
  if (contentType.startsWith('application/json')) return JSON.parse(body.toString('utf8'))
  const form = await new Response(Uint8Array.from(body), { headers: { 'content-type': contentType } }).formData()
  return Object.fromEntries(form)
}

function routeRequest(entry: LoggedRequest, incoming: IncomingMessage): RouteRequest {
  const url = new URL(incoming.url ?? '/', 'http://any.invalid')
  const ids =
    /^\/(?:parts|v2\/devices\/(?:assets|purge-receipts))\/([^/]+)(?:\/([^/]+))?/.exec(url.pathname)?.slice(1) ?? []
  return {
    entry,
    headers: incoming.headers,
    ids: ids.filter((id) => id !== undefined).map(decodeURIComponent),
    query: url.searchParams,
    origin: `http://${incoming.headers.host}`,
  }
}

function find<K extends Fault['kind']>(hits: readonly ActiveFault[], kind: K): Extract<Fault, { kind: K }> | undefined {
  const isOf = (fault: Fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind
  return hits.map(({ fault }) => fault).find(isOf)
}

const replyOf = (fault: Extract<Fault, { kind: 'reply' }>): Reply => ({
  status: fault.status,
  headers: fault.headers ?? {},
  body: fault.body ?? '',
})

/** Resolves once the whole reply was handed to the system. */
async function send(outgoing: ServerResponse, entry: LoggedRequest, reply: Reply): Promise<void> {
  if (outgoing.closed) throw new Error('the client is gone')
  outgoing.writeHead(reply.status, reply.headers)
  await new Promise<void>((resolve, reject) => {
    outgoing.once('close', () => reject(new Error('the client is gone')))
    outgoing.end(reply.body, resolve)
  })
  entry.status = reply.status
}
