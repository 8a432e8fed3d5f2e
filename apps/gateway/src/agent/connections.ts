import { connectionsToClose, storeStatus } from '@rushes/fleet'
import type { CloseReason } from '@rushes/protocol'
import type { WebSocket } from 'ws'
import { wrapSocket } from './agent-socket.ts'
import { ConnectionCloser } from './connection-closer.ts'
import { tickEveryMs } from './limits.ts'
import { AgentSession, type OpenState, type SessionState } from './session.ts'
import type { SessionDeps } from './session-deps.ts'

export type AgentIdentity = { deviceId: string; secretSha256: string; remoteAddress: string | null }

/** How often all connections are compared with the database, for what a lost wake-up would have told. */
const compareEveryTicks = 15
/** Sessions, welcomed or not; beyond it devices are asked to come back later. */
const maxSessions = 25_000

/** All device connections of this process. */
export class AgentConnections {
  private readonly sessions = new Set<AgentSession>()
  private readonly byDevice = new Map<string, AgentSession>()
  private readonly deps: SessionDeps
  private readonly closer: ConnectionCloser
  private readonly timer: NodeJS.Timeout
  private tickCount = 0
  private isComparing = false

  constructor(deps: Omit<SessionDeps, 'onOpened' | 'onEnded' | 'recordClosed'>) {
    this.closer = new ConnectionCloser({
      db: deps.db,
      log: deps.log,
      onClosed: (deviceId) => deps.live.deviceChanged(deviceId),
    })
    this.deps = {
      ...deps,
      onOpened: (session, opened) => this.opened(session, opened.epoch, opened.supersededEpoch),
      onEnded: (session, was, cause) => this.ended(session, was, cause),
      recordClosed: ({ epoch, cause }) => this.closer.add({ epoch, cause, lastWord: null }),
    }
    this.timer = setInterval(() => this.tick(), tickEveryMs)
  }

  get hasRoom(): boolean {
    return this.sessions.size < maxSessions
  }

  get count(): number {
    return this.byDevice.size
  }

  /** The open session of a device here. */
  of(deviceId: string): { session: AgentSession; state: OpenState } | null {
    const session = this.byDevice.get(deviceId)
    return session?.state.kind === 'open' ? { session, state: session.state } : null
  }

  *open(): Generator<{ session: AgentSession; state: OpenState }> {
    for (const session of this.byDevice.values()) {
      if (session.state.kind === 'open') yield { session, state: session.state }
    }
  }

  attach(webSocket: WebSocket, identity: AgentIdentity): void {
    const socket = wrapSocket(webSocket, {
      heard: () => session.heard(),
      message: (data, isBinary) => session.receive(data, isBinary),
      closed: (cause) => session.lost(cause),
    })
    const session: AgentSession = new AgentSession(identity, socket, this.deps)
    this.sessions.add(session)
  }

  /** Ends those whose device was connected elsewhere, revoked, or given another secret. */
  async compare(deviceIds: readonly string[] | 'all'): Promise<void> {
    const asked = deviceIds === 'all' ? [...this.open()] : deviceIds.flatMap((deviceId) => this.of(deviceId) ?? [])
    const held = asked.map(({ session, state }) => ({ epoch: state.epoch, secretSha256: session.secretSha256 }))
    const ending = await connectionsToClose({ db: this.deps.db }, { held })
    for (const { epoch, because } of ending) {
      const found = asked.find(({ state }) => state.epoch === epoch)
      found?.session.end(because, because === 'superseded' ? this.deps.reconnectDelayMs() : 0)
    }
  }

  /** Sends every device away; resolves when nothing is left to be recorded, or when `signal` aborts. */
  async drain(reason: CloseReason, signal: AbortSignal): Promise<void> {
    for (const session of this.sessions) session.end(reason, this.deps.reconnectDelayMs())
    while (!this.closer.isIdle && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private opened(session: AgentSession, epoch: number, supersededEpoch: number | null): void {
    const other = this.of(session.deviceId)
    if (other !== null && other.state.epoch > epoch) {
      // The database had a newer one in place before this one heard its answer.
      session.end('superseded', this.deps.reconnectDelayMs())
      return
    }
    this.byDevice.set(session.deviceId, session)
    other?.session.end('superseded', this.deps.reconnectDelayMs())
    if (supersededEpoch !== null) session.log.warn({ supersededEpoch }, 'it took the place of an older connection')
    this.deps.live.deviceChanged(session.deviceId)
    this.deps.requestDelivery([session.deviceId])
  }

  private ended(session: AgentSession, was: SessionState, cause: string): void {
    this.sessions.delete(session)
    if (was.kind !== 'open') return
    const { deviceId } = session
    const isCurrent = this.byDevice.get(deviceId) === session
    if (isCurrent) {
      this.byDevice.delete(deviceId)
      this.deps.live.progress(deviceId, null)
      this.deps.live.status(deviceId, null)
    }
    const { epoch, outboxId, clockOffsetMs, status } = was
    const lastWord =
      isCurrent && status?.isUnstored() === true ? { deviceId, outboxId, clockOffsetMs, status: status.current } : null
    this.closer.add({ epoch, cause, lastWord })
  }

  private tick(): void {
    const nowMs = this.deps.monotonicMs()
    for (const session of this.sessions) session.tick(nowMs)
    for (const { session, state } of this.open()) void this.storeStatus(session, state, nowMs)
    this.closer.tick()
    this.tickCount += 1
    if (this.tickCount % compareEveryTicks === 0 && !this.isComparing) void this.compareAll()
  }

  private async compareAll(): Promise<void> {
    this.isComparing = true
    try {
      await this.compare('all')
    } catch (error) {
      this.deps.log.warn({ err: error }, 'connections could not be compared with the database; trying again later')
    } finally {
      this.isComparing = false
    }
  }

  private async storeStatus(session: AgentSession, state: OpenState, nowMs: number): Promise<void> {
    const keeper = state.status
    const status = keeper?.due(nowMs)
    if (keeper === null || status === null || status === undefined) return
    const { deviceId } = session
    const { outboxId, clockOffsetMs } = state
    keeper.wasStored(status, nowMs)
    try {
      await storeStatus({ db: this.deps.db }, { deviceId, outboxId, status, clockOffsetMs })
      this.deps.bus.publish({ deviceIds: [deviceId] })
    } catch (error) {
      keeper.wasNotStored()
      session.log.warn({ err: error }, 'the summary could not be stored; trying again')
    }
  }
}
