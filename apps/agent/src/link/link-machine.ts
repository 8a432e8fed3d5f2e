import type { CloseReason } from '@rushes/protocol'
import type { AddressProblem } from './check-agent-address.ts'
import { type ReconnectAfter, reconnectDelayMs } from './reconnect-delay.ts'

/** Where the control link stands; SPEC.md tells how each state is entered and left. Instants are the link clock's. */
export type LinkState =
  /** There is no identity to connect with. */
  | { kind: 'unpaired' }
  /** There is one, with an address that must not be used. */
  | { kind: 'unusable'; problem: AddressProblem }
  /** A socket is being opened. `failures`: unsuccessful attempts in a row before this one. */
  | { kind: 'connecting'; failures: number }
  /** The hello is sent; the welcome is awaited. */
  | { kind: 'greeting'; failures: number }
  | { kind: 'online'; failures: number; sinceMs: number }
  | { kind: 'waiting'; failures: number; cause: WaitCause; detail: string; retryAtMs: number }
  /** The gateway said that this identity is no longer good. Only another one ends this. */
  | { kind: 'revoked' }
  | { kind: 'stopped' }

/** Why a connection came to nothing or ended without a goodbye. */
export type LostCause =
  | 'unreachable'
  | 'connectTimeout'
  | 'welcomeTimeout'
  | 'closedByGateway'
  | 'silent'
  | 'malformedFrames'
  | 'oversizeFrame'
  | 'versionUnsupported'
  | 'internalError'

export type WaitCause = LostCause | Exclude<CloseReason, 'revoked'> | 'unauthorized' | 'upgradeRefused'

export type LinkEvent =
  | { kind: 'identityChanged'; identity: 'none' | 'usable' | AddressProblem }
  | { kind: 'retryDue' }
  /** The upgrade went through. */
  | { kind: 'opened' }
  /** The gateway answered the upgrade with an HTTP status; `retryAfterMs` as it asked for, 0 where it did not. */
  | { kind: 'refused'; status: number; retryAfterMs: number }
  | { kind: 'welcomed' }
  | { kind: 'goodbye'; reason: CloseReason; reconnectAfterMs: number }
  | { kind: 'lost'; cause: LostCause; detail: string }
  | { kind: 'stopRequested' }

export type LinkEffect =
  | { kind: 'openSocket' }
  | { kind: 'sendHello' }
  | { kind: 'beginSession' }
  /** Ends the session and closes the socket; nothing that still comes from it counts. */
  | { kind: 'closeSocket'; code: CloseCode }
  | { kind: 'scheduleRetry'; inMs: number }

/** 1000 normal, 1001 going away, 1002 protocol error; null: not worth a closing handshake, the other side is not there. */
export type CloseCode = 1000 | 1001 | 1002 | null

export type LinkTransition = { state: LinkState; effects: LinkEffect[] }

/** From this age on a session counts as healthy: what went wrong before it is forgotten. */
export const healthyAfterMs = 60_000

/** What an event makes of the link. Total; an event that does not belong to a state returns that very state. `random` in [0, 1). */
export function transitionLink(
  state: LinkState,
  event: LinkEvent,
  { nowMs, random }: { nowMs: number; random: number },
): LinkTransition {
  if (state.kind === 'stopped') return stay(state)
  const close = (code: CloseCode): LinkEffect[] => (hasSocket(state) ? [{ kind: 'closeSocket', code }] : [])

  switch (event.kind) {
    case 'stopRequested':
      return { state: { kind: 'stopped' }, effects: close(1001) }
    case 'identityChanged':
      if (event.identity === 'none') return { state: { kind: 'unpaired' }, effects: close(1000) }
      if (event.identity !== 'usable') {
        return { state: { kind: 'unusable', problem: event.identity }, effects: close(1000) }
      }
      return { state: { kind: 'connecting', failures: 0 }, effects: [...close(1000), { kind: 'openSocket' }] }
    case 'retryDue':
      if (state.kind !== 'waiting') return stay(state)
      return { state: { kind: 'connecting', failures: state.failures }, effects: [{ kind: 'openSocket' }] }
    case 'opened':
      if (state.kind !== 'connecting') return stay(state)
      return { state: { kind: 'greeting', failures: state.failures }, effects: [{ kind: 'sendHello' }] }
    case 'welcomed':
      if (state.kind !== 'greeting') return stay(state)
      return {
        state: { kind: 'online', failures: state.failures, sinceMs: nowMs },
        effects: [{ kind: 'beginSession' }],
      }
    case 'refused': {
      if (state.kind !== 'connecting') return stay(state)
      const isUnauthorized = event.status === 401 || event.status === 403
      const failures = state.failures + 1
      return wait(
        { kind: isUnauthorized ? 'refused' : 'failure', failures, atLeastMs: event.retryAfterMs },
        { failures, cause: isUnauthorized ? 'unauthorized' : 'upgradeRefused', detail: `HTTP ${event.status}` },
        close(null),
      )
    }
    case 'goodbye': {
      if (state.kind !== 'greeting' && state.kind !== 'online') return stay(state)
      const { reason, reconnectAfterMs } = event
      if (reason === 'revoked') return { state: { kind: 'revoked' }, effects: close(1000) }
      const wasHealthy = isHealthy(state, nowMs)
      const failures = wasHealthy ? 0 : state.failures + 1
      const after = { failures, cause: reason, detail: `goodbye: ${reason}` }
      if (reason === 'superseded') {
        return wait({ kind: 'superseded', atLeastMs: reconnectAfterMs }, after, close(1000))
      }
      // Named again and again by sessions that never get anywhere, a short delay would make a loop without pause.
      return wasHealthy
        ? wait({ kind: 'named', delayMs: reconnectAfterMs }, after, close(1000))
        : wait({ kind: 'failure', failures, atLeastMs: reconnectAfterMs }, after, close(1000))
    }
    case 'lost': {
      if (!hasSocket(state)) return stay(state)
      const { cause, detail } = event
      const effects = close(closeCodes[cause])
      if (isHealthy(state, nowMs)) return wait({ kind: 'healthySession' }, { failures: 0, cause, detail }, effects)
      const failures = state.failures + 1
      const kind = cause === 'versionUnsupported' ? 'refused' : 'failure'
      return wait({ kind, failures, atLeastMs: 0 }, { failures, cause, detail }, effects)
    }
  }

  function wait(
    after: ReconnectAfter,
    told: { failures: number; cause: WaitCause; detail: string },
    effects: LinkEffect[],
  ): LinkTransition {
    const inMs = reconnectDelayMs(after, random)
    return {
      state: { kind: 'waiting', ...told, retryAtMs: nowMs + inMs },
      effects: [...effects, { kind: 'scheduleRetry', inMs }],
    }
  }
}

type WithSocket = Extract<LinkState, { kind: 'connecting' | 'greeting' | 'online' }>

const hasSocket = (state: LinkState): state is WithSocket =>
  state.kind === 'connecting' || state.kind === 'greeting' || state.kind === 'online'

const isHealthy = (state: LinkState, nowMs: number) =>
  state.kind === 'online' && nowMs - state.sinceMs >= healthyAfterMs

const stay = (state: LinkState): LinkTransition => ({ state, effects: [] })

const closeCodes: Record<LostCause, CloseCode> = {
  unreachable: null,
  connectTimeout: null,
  welcomeTimeout: 1002,
  closedByGateway: null,
  silent: null,
  malformedFrames: 1002,
  oversizeFrame: 1002,
  versionUnsupported: 1002,
  internalError: 1000,
}
