import { type AgentFrame, type CloseReason, type GatewayFrame, protocolVersion } from '@rushes/protocol'
import type { Logger } from 'pino'
import type { AgentSocket } from './agent-socket.ts'
import { handleFrame } from './handle-frame.ts'
import { InboundQueue } from './inbound-queue.ts'
import {
  closeWithinMs,
  helloWithinMs,
  maxBufferedBytes,
  maxMalformedMessages,
  pingEveryMs,
  silentAfterMs,
} from './limits.ts'
import { parseAgentFrame } from './parse-frame.ts'
import type { SessionDeps } from './session-deps.ts'
import type { StatusKeeper } from './status-keeper.ts'

/** Where a device's connection stands; each state holds only what is known in it. It goes down this list, and never back. */
export type SessionState =
  /** Authenticated; the hello is awaited. */
  | { kind: 'greeting'; sinceMs: number }
  /** Welcomed, and recorded as the device's connection. */
  | OpenState
  /** Nothing that still comes from the socket counts. */
  | { kind: 'ended' }

export type OpenState = {
  kind: 'open'
  epoch: number
  outboxId: string
  clockOffsetMs: number
  /** The snapshot that is coming in, with what it has named. */
  snapshot: { id: string; namedUploadIds: Set<string> } | null
  /** Uploads are known as of this event. */
  snapshotSeq: number
  status: StatusKeeper | null
  /** It was handed a command, or spoke of one, not long ago. */
  busyUntilMs: number
  /** Called off, and told so on this connection. */
  toldCancelledIds: Set<string>
  toldReportEveryMs: number
}

const closeCodes: Record<CloseReason, number> = {
  drain: 1001,
  superseded: 1000,
  revoked: 1008,
  protocolError: 1002,
  overloaded: 1013,
  tooSlow: 1013,
}

/** One device's connection, from the upgrade to its end. Frames are handled one by one, in the order in which they came. */
export class AgentSession {
  readonly deviceId: string
  readonly secretSha256: string
  readonly remoteAddress: string | null
  readonly log: Logger
  readonly deps: SessionDeps
  state: SessionState
  private readonly socket: AgentSocket
  private readonly inbound: InboundQueue<AgentFrame>
  private readonly ended = new AbortController()
  private lastHeardAtMs: number
  private lastPingAtMs: number
  private malformedCount = 0
  private readonly unknownTypes = new Set<string>()
  private endReason: string | null = null

  constructor(
    identity: { deviceId: string; secretSha256: string; remoteAddress: string | null },
    socket: AgentSocket,
    deps: SessionDeps,
  ) {
    this.deviceId = identity.deviceId
    this.secretSha256 = identity.secretSha256
    this.remoteAddress = identity.remoteAddress
    this.deps = deps
    this.socket = socket
    this.log = deps.log.child({ deviceId: identity.deviceId })
    const nowMs = deps.monotonicMs()
    this.state = { kind: 'greeting', sinceMs: nowMs }
    this.lastHeardAtMs = nowMs
    this.lastPingAtMs = nowMs
    this.inbound = new InboundQueue((frame) => this.handle(frame), socket)
  }

  /** Aborts when the session ends: for waits on its behalf. */
  get signal(): AbortSignal {
    return this.ended.signal
  }

  heard(): void {
    this.lastHeardAtMs = this.deps.monotonicMs()
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (this.state.kind === 'ended') return
    const parsed = parseAgentFrame(data, isBinary)
    switch (parsed.kind) {
      case 'frame':
        this.inbound.push(parsed.frame)
        return
      case 'unknownType':
        // Passed over, so that a newer agent can be served; said once per type, and for a few types alone.
        if (this.unknownTypes.size < 16 && !this.unknownTypes.has(parsed.type)) {
          this.unknownTypes.add(parsed.type)
          this.log.warn({ type: parsed.type }, 'passed over a message of an unknown type')
        }
        return
      case 'malformed':
        this.complain(parsed.detail)
    }
  }

  /** Something came that does not belong here. The connection survives a few of these. */
  complain(detail: string): void {
    this.malformedCount += 1
    this.log.warn({ detail, count: this.malformedCount }, 'a message was malformed')
    if (this.malformedCount >= maxMalformedMessages) this.end('protocolError', this.deps.reconnectDelayMs())
  }

  /** Looked at every second: pings, notices silence, and a hello that does not come. */
  tick(nowMs: number): void {
    if (this.state.kind === 'ended') return
    if (this.state.kind === 'greeting' && nowMs - this.state.sinceMs > helloWithinMs) {
      this.log.warn('no hello came')
      this.end('protocolError', this.deps.reconnectDelayMs())
      return
    }
    if (this.inbound.paused) {
      this.lastHeardAtMs = nowMs // we are not listening, so nothing can be heard
    } else if (nowMs - this.lastHeardAtMs > silentAfterMs) {
      this.lost('silent')
      this.socket.terminate()
      return
    }
    if (nowMs - this.lastPingAtMs >= pingEveryMs) {
      this.lastPingAtMs = nowMs
      this.socket.ping()
    }
  }

  send(frame: GatewayFrame): void {
    if (this.state.kind === 'ended') return
    if (this.socket.bufferedBytes > maxBufferedBytes) {
      this.end('tooSlow', this.deps.reconnectDelayMs())
      return
    }
    this.socket.send(JSON.stringify(frame))
  }

  /** Ends the session from this side: says why and when to come back, then closes. */
  end(reason: CloseReason, reconnectAfterMs: number): void {
    if (this.state.kind === 'ended') return
    // To one that does not read, a goodbye would only add to the heap.
    if (reason !== 'tooSlow') {
      this.socket.send(JSON.stringify({ type: 'goodbye', reason, reconnectAfterMs } satisfies GatewayFrame))
    }
    this.conclude(reason)
    this.socket.close(closeCodes[reason], closeWithinMs)
  }

  /** The socket is gone. */
  lost(cause: string): void {
    this.conclude(cause)
  }

  private conclude(cause: string): void {
    const { state } = this
    if (state.kind === 'ended') return
    this.state = { kind: 'ended' }
    this.endReason = cause
    this.inbound.close()
    this.ended.abort()
    this.log.info({ cause, epoch: state.kind === 'open' ? state.epoch : null }, 'a device disconnected')
    this.deps.onEnded(this, state, cause)
  }

  /** Why it ended; for the record of a connection that was opened while its socket was closing. */
  get endedBecause(): string | null {
    return this.endReason
  }

  private async handle(frame: AgentFrame): Promise<void> {
    if (this.state.kind === 'ended') return
    if (frame.type === 'hello' && frame.v !== protocolVersion) {
      this.log.warn({ version: frame.v }, 'the device speaks another version of the protocol')
      this.end('protocolError', this.deps.reconnectDelayMs())
      return
    }
    try {
      await handleFrame(this, frame)
    } catch (error) {
      // Nothing was acknowledged, so the device keeps it and says it again.
      if (this.signal.aborted) return
      this.log.error({ err: error, type: frame.type }, 'a message could not be taken in')
      this.end('overloaded', this.deps.reconnectDelayMs())
    }
  }
}
