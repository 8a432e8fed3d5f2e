import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createDatabase } from '@rushes/db'
import { createAuth, createPgBus, stopGateway } from '@rushes/fleet'
import type { Logger } from 'pino'
import { CommandPump } from './agent/command-pump.ts'
import { AgentConnections } from './agent/connections.ts'
import { tickEveryMs } from './agent/limits.ts'
import { ReportRates } from './agent/report-rates.ts'
import { agentUpgrades, refuse } from './agent/upgrade.ts'
import type { Config } from './config.ts'
import { GatewayError } from './gateway-error.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { listen } from './listen.ts'
import { LiveHub } from './live/hub.ts'
import { LiveServer } from './live/serve.ts'
import { liveStreams } from './live/streams.ts'
import { remoteAddressReader } from './remote-address.ts'

export type RunningGateway = {
  readonly gatewayId: string
  readonly port: number
  /** Sends the devices away with a time to come back, then stops. Safe to call twice. */
  stop(): Promise<void>
}

/** Longest time that a stop in order takes. */
const drainWithinMs = 5_000
/** Devices that come back after a drain are spread so that about this many a second do. */
const reconnectsPerSecond = 300

/** Starts a gateway. @throws GatewayError `databaseUnreachable`, `portTaken`, `addressNotUsable` */
export async function startGateway(config: Config, log: Logger): Promise<RunningGateway> {
  const gatewayId = randomUUID()
  const now = () => new Date()
  const monotonicMs = () => performance.now()
  const database = createDatabase({
    connectionString: config.databaseUrl,
    applicationName: 'rushes-gateway',
    onIdleError: (error) => log.warn({ err: error }, 'a connection to the database broke'),
  })
  const { db } = database
  const lease = new LeaseKeeper({ db, gatewayId, log, monotonicMs })
  try {
    await lease.begin()
  } catch (cause) {
    await database.close()
    throw new GatewayError(
      'databaseUnreachable',
      'the database cannot be used',
      'Check DATABASE_URL, that PostgreSQL runs, and that it is migrated: rushes-admin migrate',
      cause,
    )
  }
  let isDraining = false
  const bus = createPgBus({
    db,
    connectionString: config.databaseUrl,
    applicationName: 'rushes-gateway-bus',
    onProblem: ({ error, attempt, retryInMs }) =>
      log.warn({ err: error, attempt, retryInMs }, 'wake-ups are not heard; polling carries on'),
  })
  const hub = new LiveHub({ db, log, now })
  const connections = (): AgentConnections => agents
  const rates = new ReportRates({ connections, monotonicMs })
  const pump = new CommandPump({ db, gatewayId, log, live: hub, now, monotonicMs, connections })
  const agents: AgentConnections = new AgentConnections({
    gatewayId,
    db,
    log,
    live: hub,
    bus,
    now,
    monotonicMs,
    reconnectDelayMs: () => Math.round(Math.random() * Math.max(1_000, (agents.count / reconnectsPerSecond) * 1_000)),
    reportEveryMs: (deviceId) => rates.everyMsFor(deviceId),
    requestDelivery: (deviceIds) => pump.request(deviceIds),
  })
  bus.subscribe((wake) => {
    hub.heard(wake)
    const woken = wake.everything === true ? 'all' : (wake.deviceIds ?? []).filter((id) => agents.of(id) !== null)
    if (woken !== 'all' && woken.length === 0) return
    pump.wake(woken)
    void agents.compare(woken).catch((error: unknown) => log.warn({ err: error }, 'connections could not be compared'))
  })
  const rateTimer = setInterval(() => rates.tell(), tickEveryMs)

  const auth = createAuth({
    db,
    secret: config.secret,
    baseUrl: config.publicUrl,
    onError: (error) => log.error({ err: error }, 'sign-in failed inside'),
  })
  const live = new LiveServer({
    auth,
    publicUrl: config.publicUrl,
    source: liveStreams({ hub, rates, now }),
    log,
  })
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const pathname = pathOf(request)
    if (pathname === '/health') return tellHealth(response, lease.isHeld && !isDraining)
    if (pathname.startsWith('/live/')) return live.handle(request, response, pathname.slice('/live/'.length))
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(
      `${JSON.stringify({ error: { code: 'notFound', hint: 'The gateway serves /agent, /live and /health' } })}\n`,
    )
  }
  const server = createServer(answer)
  const admit = agentUpgrades({
    db,
    log,
    now,
    connections,
    remoteAddressOf: remoteAddressReader(config.trustedProxies),
    isDraining: () => isDraining,
  })
  server.on('upgrade', (request, socket, head) => {
    if (pathOf(request) === '/agent') admit(request, socket, head)
    else refuse(socket, { status: 404, code: 'notFound', hint: 'Devices connect at /agent' })
  })

  const release = async () => {
    isDraining = true
    clearInterval(rateTimer)
    server.close()
    live.stop()
    await pump.stop()
    await agents.drain('drain', AbortSignal.timeout(drainWithinMs))
    agents.stop()
    hub.stop()
    await bus.stop()
    await lease.stop()
    // What was not recorded one by one is recorded at once; should that fail too, the lease runs out by itself.
    await stopGateway({ db }, { gatewayId }).catch((error: unknown) =>
      log.warn({ err: error }, 'the lease was not given up'),
    )
    server.closeAllConnections()
    await database.close()
  }

  try {
    const port = await listen(server, { host: config.host, port: config.port })
    log.info({ gatewayId, host: config.host, port }, 'the gateway listens')
    let stopping: Promise<void> | undefined
    return {
      gatewayId,
      port,
      stop: () => {
        stopping ??= release()
        return stopping
      },
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** Without its query. Not by way of `URL`, which throws at `//` and other things that anybody may send. */
const pathOf = (request: IncomingMessage) => request.url?.split('?')[0] ?? ''

function tellHealth(response: ServerResponse, isWell: boolean): void {
  const state = isWell ? 'ok' : 'failing'
  response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify({ status: state, components: { database: state } })}\n`)
}
