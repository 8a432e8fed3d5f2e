import { commandKinds, type GatewayFrame, protocolVersion } from '@rushes/protocol'
import type { Logger } from 'pino'
import { errorCode } from '../agent-error.ts'
import type { LinkIdentity, LinkPort, RunningLink } from '../link-port.ts'
import { beginSession, type Session, type Welcome } from './begin-session.ts'
import { checkAgentAddress } from './check-agent-address.ts'
import { createCommandDesk } from './command-desk.ts'
import { describeState } from './describe-state.ts'
import type { LinkClock } from './link-clock.ts'
import { type LinkEffect, type LinkEvent, type LinkState, transitionLink } from './link-machine.ts'
import { type Connection, openConnection } from './open-connection.ts'

/** From the beginning of a connection to the end of its upgrade. */
const connectWithinMs = 15_000
/** From the hello to the welcome. */
const welcomeWithinMs = 15_000

export type LinkOptions = {
  port: LinkPort
  log: Logger
  allowInsecure: boolean
  clock: LinkClock
  /** In [0, 1). */
  random: () => number
  /** What the hello says of the machine. */
  machine: { hostname: string; platform: string }
}

/** Runs the control link: performs what the link machine decides. Everything about when and why is decided there. */
export function runLink({ port, log, allowInsecure, clock, random, machine }: LinkOptions): RunningLink {
  let state: LinkState = { kind: 'unpaired' }
  let since = clock.date()
  let identity: LinkIdentity | null = null
  let connection: Connection | null = null
  let session: Session | null = null
  let welcome: Welcome | null = null
  let nextAttemptAt: Date | null = null
  let cancelTimer = () => {}
  const closing = new Set<Promise<void>>()

  const desk = createCommandDesk({ port, clock, log, say: (update) => session?.say(update) })

  const happen = (event: LinkEvent) => {
    const { state: next, effects } = transitionLink(state, event, { nowMs: clock.now(), random: random() })
    if (next === state) return
    cancelTimer()
    nextAttemptAt = null
    state = next
    since = clock.date()
    logState(log, next, identity)
    if (next.kind === 'revoked') desk.dropWaiting()
    for (const effect of effects) perform(effect)
  }

  const perform = (effect: LinkEffect) => {
    switch (effect.kind) {
      case 'openSocket':
        connection = open()
        return armTimer(connectWithinMs, { kind: 'lost', cause: 'connectTimeout', detail: 'no answer' })
      case 'sendHello':
        sayHello()
        return armTimer(welcomeWithinMs, { kind: 'lost', cause: 'welcomeTimeout', detail: 'no welcome' })
      case 'beginSession':
        return begin()
      case 'closeSocket':
        session?.end()
        session = null
        connection?.close(effect.code)
        connection = null
        return
      case 'scheduleRetry':
        nextAttemptAt = new Date(clock.date().getTime() + effect.inMs)
        return armTimer(effect.inMs, { kind: 'retryDue' })
    }
  }
  const armTimer = (durationMs: number, event: LinkEvent) => {
    cancelTimer = clock.schedule(() => happen(event), durationMs)
  }

  const open = (): Connection | null => {
    if (identity === null) return null
    const opened = openConnection(
      { url: identity.agentUrl, bearer: bearerOf(identity), clock, log },
      {
        opened: () => guard(() => happen({ kind: 'opened' })),
        refused: (status, retryAfterMs) => happen({ kind: 'refused', status, retryAfterMs }),
        frame: (frame) => guard(() => receive(frame)),
        roomMade: () => session?.roomMade(),
        lost: (cause, detail) => happen({ kind: 'lost', cause, detail }),
      },
    )
    const gone = opened.gone.then(() => void closing.delete(gone))
    closing.add(gone)
    return opened
  }

  const sayHello = () => {
    if (identity === null) return
    const { agentVersion, bootId, outboxId } = identity
    const deviceTime = clock.date().toISOString()
    connection?.send({
      type: 'hello',
      v: protocolVersion,
      agentVersion,
      bootId,
      outboxId,
      hostname: machine.hostname.slice(0, 255),
      platform: machine.platform.slice(0, 64),
      deviceTime,
      commandKinds: [...commandKinds],
    })
  }

  const begin = () => {
    if (connection === null || welcome === null) return
    connection.keepAlive(welcome.pingEveryMs)
    session = beginSession({ port, connection, desk, clock, random, log, welcome, failed: fail })
  }

  const receive = (frame: GatewayFrame) => {
    if (frame.type === 'goodbye') {
      happen({ kind: 'goodbye', reason: frame.reason, reconnectAfterMs: frame.reconnectAfterMs })
    } else if (frame.type === 'welcome') {
      if (session !== null) return connection?.refuse('a second welcome')
      if (frame.v !== protocolVersion) {
        return happen({ kind: 'lost', cause: 'versionUnsupported', detail: `version ${frame.v}` })
      }
      welcome = frame
      happen({ kind: 'welcomed' })
    } else if (session === null) connection?.refuse(`${frame.type} before the welcome`)
    else session.receive(frame)
  }

  /** A failure of the local database, or a fault of the link itself: the connection is given up, the daemon is not. */
  const fail = (error: unknown) => {
    log.error({ err: error, code: errorCode(error) }, 'the control link failed on this device')
    happen({ kind: 'lost', cause: 'internalError', detail: errorCode(error) })
  }
  const guard = (act: () => void) => {
    try {
      act()
    } catch (error) {
      fail(error)
    }
  }

  const identify = () => {
    const former = identity
    identity = port.identity()
    if (former !== null && identity !== null && isSame(former, identity)) return
    if (former?.deviceId !== identity?.deviceId) desk.dropWaiting()
    const kind = identity === null ? 'none' : checkAgentAddress(identity.agentUrl, allowInsecure)
    happen({ kind: 'identityChanged', identity: kind })
  }
  const unsubscribe = port.onIdentityChanged(() => guard(identify))
  identify()

  return {
    status: () => ({
      ...describeState(state),
      state: state.kind === 'greeting' ? 'connecting' : state.kind,
      since: since.toISOString(),
      nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
    }),
    stop: async () => {
      unsubscribe()
      desk.stop()
      happen({ kind: 'stopRequested' })
      cancelTimer()
      await Promise.all(closing)
    },
  }
}

const bearerOf = ({ deviceId, deviceSecret }: LinkIdentity) =>
  deviceSecret.startsWith('rushes_dev_') ? deviceSecret : `rushes_dev_${deviceId}.${deviceSecret}`

const isSame = (a: LinkIdentity, b: LinkIdentity) =>
  a.deviceId === b.deviceId &&
  a.deviceSecret === b.deviceSecret &&
  a.agentUrl === b.agentUrl &&
  a.agentVersion === b.agentVersion &&
  a.bootId === b.bootId &&
  a.outboxId === b.outboxId

/** One line for each change, at a level that says whether somebody should look. */
function logState(log: Logger, state: LinkState, identity: LinkIdentity | null): void {
  const { cause, message } = describeState(state)
  const told = { link: state.kind, deviceId: identity?.deviceId, cause }
  if (state.kind === 'waiting') {
    const { detail, failures } = state
    const level = needsAttention.has(state.cause) ? 'warn' : 'info'
    log[level]({ ...told, detail, failures }, message)
  } else if (state.kind === 'revoked' || state.kind === 'unusable') log.warn(told, message)
  else if (state.kind === 'greeting') log.debug(told, message)
  else log.info(told, message)
}

const needsAttention: ReadonlySet<string> = new Set([
  'superseded',
  'unauthorized',
  'versionUnsupported',
  'protocolError',
  'malformedFrames',
  'oversizeFrame',
  'internalError',
])
