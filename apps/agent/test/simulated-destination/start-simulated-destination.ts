import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { listenOn, listenOnOwnPort } from '@rushes/test-kit'
import type { Asset } from './asset.ts'
import { type Fault, FaultScript, type InjectedFault, type When } from './fault.ts'
import { PartStore } from './part-store.ts'
import { type LoggedRequest, type Operation, RequestLog } from './request-log.ts'
import { serve } from './serve.ts'
import { type Mode, type SimulatedDestinationOptions, World } from './world.ts'

/** A server that plays our ingest or a foreign Camera-to-Cloud service, for tests of the agent. */
export interface SimulatedDestination {
  readonly url: string
  readonly mode: Mode

  /** Resolves with the newest user code that nobody answered, as soon as there is one. */
  pairingCode(): Promise<string>
  /** Approves one pairing code into a project, the one of the options unless said. */
  approve(userCode: string, project?: { id: string; name: string } | null): void
  deny(userCode: string): void
  expirePairing(userCode: string): void

  /** Moves every device; in our mode as the fence wants it. */
  setProject(project: { id: string; name: string } | null): void
  /** Pauses sharing, from now or from an earlier instant on (milliseconds since 1970), until `resume`. */
  pause(fromMs?: number): void
  /** As though there had been none. */
  forgetPauses(): void
  resume(toMs?: number): void
  endAccessTokens(): void
  /** Ends everything that the devices hold: they have to be paired again. */
  revokeTokens(): void
  /** Every part address handed out so far is dead. */
  expireUrls(): void
  /** What is stored of the part is no longer what was sent. */
  corruptPart(assetId: string, number: number): void

  inject(fault: Fault, when?: When): InjectedFault
  heal(): void

  readonly requests: readonly LoggedRequest[]
  requestsOf(operation: Operation): LoggedRequest[]
  readonly assets: readonly Asset[]
  completedAssets(): Asset[]
  /**
   * Parts that began to be sent again after a reply of success had been handed to the network, as `asset/number`. A sender that was
   * killed before it could note the reply is right to send again: compare with what it had noted.
   */
  partsSentAgain(): string[]
  readonly receipts: World['receipts']
  /** What no client may do; a test expects none. */
  readonly violations: readonly string[]
  readonly connectionCount: number
  /** Waits for something that shows here; looked at whenever a request comes, moves on or ends. */
  until(condition: () => boolean, what: string, deadlineMs?: number): Promise<void>

  /** New connections are refused, those that exist are cut; everything is kept. */
  refuse(): Promise<void>
  /** Listens again at the same port. */
  accept(): Promise<void>
  cutConnections(): void
  stop(): Promise<void>
}

export async function startSimulatedDestination(options: SimulatedDestinationOptions): Promise<SimulatedDestination> {
  const world = new World(options, await PartStore.open(options.store ?? 'digests'))
  const log = new RequestLog()
  const script = new FaultScript()
  const sockets = new Map<Socket, number>()
  let connectionCount = 0

  const server = createServer({ requestTimeout: 0, headersTimeout: 0 })
  server.on('connection', (socket) => {
    sockets.set(socket, ++connectionCount)
    socket.on('error', () => undefined) // broken on purpose, by either side; 'close' follows
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('request', (incoming, outgoing) => {
    const { socket } = incoming
    const entry = log.begin({
      method: incoming.method ?? '',
      path: (incoming.url ?? '').split('?')[0] ?? '',
      headers: incoming.headers,
      connection: sockets.get(socket) ?? 0,
    })
    serve(world, log, entry, { incoming, outgoing }, script.hitBy(entry))
      .catch(() => socket.resetAndDestroy()) // the client broke off; what came of the request is discarded
      .finally(() => {
        entry.ended = true
        log.changed()
      })
  })

  const port = await listenOnOwnPort(server)
  const cutConnections = () => {
    for (const socket of sockets.keys()) socket.resetAndDestroy()
  }
  const refuse = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    cutConnections()
    await closed
  }
  const pairingOf = (userCode: string) => {
    const pairing = world.pairings.find((one) => one.userCode === userCode && one.state === 'pending')
    if (pairing === undefined) throw new Error(`no pairing waits under the code ${userCode}`)
    return pairing
  }
  const until = (condition: () => boolean, what: string, deadlineMs = 30_000) => log.until(condition, what, deadlineMs)
  const newestPending = () => world.pairings.findLast((pairing) => pairing.state === 'pending')

  return {
    url: `http://127.0.0.1:${port}`,
    mode: world.options.mode,
    pairingCode: async () => {
      await until(() => newestPending() !== undefined, 'a pairing code is asked for')
      return newestPending()?.userCode ?? ''
    },
    approve: (userCode, project = world.options.project) => world.approve(pairingOf(userCode), project),
    deny: (userCode) => {
      pairingOf(userCode).state = 'denied'
    },
    expirePairing: (userCode) => {
      pairingOf(userCode).state = 'expired'
    },
    setProject: (project) => world.moveDevices(project),
    forgetPauses: () => void world.pauses.splice(0),
    pause: (fromMs = Date.now()) => {
      world.pauses.push({ fromMs, toMs: Number.POSITIVE_INFINITY })
    },
    resume: (toMs = Date.now()) => {
      for (const window of world.pauses) window.toMs = Math.min(window.toMs, toMs)
    },
    endAccessTokens: () => {
      for (const device of world.devices) device.tokens.endAccess()
    },
    revokeTokens: () => {
      for (const device of world.devices) device.tokens.revokeAll()
    },
    expireUrls: () => {
      for (const asset of world.assets) for (const part of asset.parts.values()) part.urlExpired = true
    },
    corruptPart: (assetId, number) => {
      const part = world.assets.find((asset) => asset.id === assetId)?.parts.get(number)
      if (part?.received == null) throw new Error(`no part ${number} of ${assetId} is stored`)
      part.received = { ...part.received, xxh64: '0000000000000000' }
    },
    inject: (fault, when = {}) => script.inject(fault, when),
    heal: () => script.heal(),
    requests: log.requests,
    requestsOf: (operation) => log.requests.filter((request) => request.operation === operation),
    assets: world.assets,
    completedAssets: () => world.assets.filter((asset) => asset.isComplete),
    partsSentAgain: () =>
      world.assets.flatMap((asset) =>
        [...asset.parts.values()].filter((part) => part.sentAgainCount > 0).map((part) => `${asset.id}/${part.number}`),
      ),
    receipts: world.receipts,
    violations: world.violations,
    get connectionCount() {
      return connectionCount
    },
    until,
    refuse,
    accept: () => listenOn(server, port),
    cutConnections,
    stop: async () => {
      script.heal()
      if (server.listening) await refuse()
    },
  }
}
