import { describe, expect, it } from 'vitest'
import {
  healthyAfterMs,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  type LinkTransition,
  transitionLink,
} from '../../src/link/link-machine.ts'

const nowMs = 1_000_000

/** One state of each kind; the online one is not healthy yet. */
const states: { [Kind in LinkState['kind']]: Extract<LinkState, { kind: Kind }> } = {
  unpaired: { kind: 'unpaired' },
  unusable: { kind: 'unusable', problem: 'addressInsecure' },
  connecting: { kind: 'connecting', failures: 3 },
  greeting: { kind: 'greeting', failures: 3 },
  online: { kind: 'online', failures: 3, sinceMs: nowMs - 10 },
  waiting: { kind: 'waiting', failures: 3, cause: 'unreachable', detail: 'ECONNREFUSED', retryAtMs: nowMs },
  revoked: { kind: 'revoked' },
  stopped: { kind: 'stopped' },
}

/** One event of each kind, in the forms that lead to different states. */
const events = {
  unpairedNow: { kind: 'identityChanged', identity: 'none' },
  pairedNow: { kind: 'identityChanged', identity: 'usable' },
  pairedUnusably: { kind: 'identityChanged', identity: 'addressMalformed' },
  retryDue: { kind: 'retryDue' },
  opened: { kind: 'opened' },
  unauthorized: { kind: 'refused', status: 401, retryAfterMs: 0 },
  unavailable: { kind: 'refused', status: 503, retryAfterMs: 0 },
  welcomed: { kind: 'welcomed' },
  drained: { kind: 'goodbye', reason: 'drain', reconnectAfterMs: 0 },
  superseded: { kind: 'goodbye', reason: 'superseded', reconnectAfterMs: 0 },
  revoked: { kind: 'goodbye', reason: 'revoked', reconnectAfterMs: 0 },
  lost: { kind: 'lost', cause: 'silent', detail: '' },
  stopRequested: { kind: 'stopRequested' },
} as const satisfies Record<string, LinkEvent>

type Outcome = 'stays' | `${LinkState['kind']}: ${string}` | LinkState['kind']
type Row = Record<keyof typeof events, Outcome>

// What no connection is needed for happens in every state but the last.
const always = {
  unpairedNow: 'unpaired',
  pairedNow: 'connecting: openSocket',
  pairedUnusably: 'unusable',
  stopRequested: 'stopped',
} as const
const withSocket = {
  unpairedNow: 'unpaired: closeSocket',
  pairedNow: 'connecting: closeSocket openSocket',
  pairedUnusably: 'unusable: closeSocket',
  stopRequested: 'stopped: closeSocket',
  lost: 'waiting: closeSocket scheduleRetry',
} as const
const nothingElse = {
  retryDue: 'stays',
  opened: 'stays',
  unauthorized: 'stays',
  unavailable: 'stays',
  welcomed: 'stays',
  drained: 'stays',
  superseded: 'stays',
  revoked: 'stays',
  lost: 'stays',
} as const
const goodbyes = {
  drained: 'waiting: closeSocket scheduleRetry',
  superseded: 'waiting: closeSocket scheduleRetry',
  revoked: 'revoked: closeSocket',
} as const

const table: Record<LinkState['kind'], Row> = {
  unpaired: { ...always, ...nothingElse },
  unusable: { ...always, ...nothingElse },
  connecting: {
    ...nothingElse,
    ...withSocket,
    opened: 'greeting: sendHello',
    unauthorized: 'waiting: closeSocket scheduleRetry',
    unavailable: 'waiting: closeSocket scheduleRetry',
  },
  greeting: { ...nothingElse, ...withSocket, ...goodbyes, welcomed: 'online: beginSession' },
  online: { ...nothingElse, ...withSocket, ...goodbyes },
  waiting: { ...always, ...nothingElse, retryDue: 'connecting: openSocket' },
  revoked: { ...always, ...nothingElse },
  stopped: {
    ...nothingElse,
    unpairedNow: 'stays',
    pairedNow: 'stays',
    pairedUnusably: 'stays',
    stopRequested: 'stays',
  },
}

const outcomeOf = (before: LinkState, { state, effects }: LinkTransition): string => {
  if (state === before) return effects.length === 0 ? 'stays' : 'stays and has effects'
  return effects.length === 0 ? state.kind : `${state.kind}: ${effects.map((effect) => effect.kind).join(' ')}`
}
const go = (state: LinkState, event: LinkEvent, random = 0.5) => transitionLink(state, event, { nowMs, random })
const delayOf = (effects: LinkEffect[]) => effects.find((effect) => effect.kind === 'scheduleRetry')?.inMs

describe('the link machine', () => {
  for (const [kind, row] of Object.entries(table) as [LinkState['kind'], Row][]) {
    for (const [name, expected] of Object.entries(row) as [keyof typeof events, Outcome][]) {
      it(`takes ${name} in ${kind}: ${expected}`, () => {
        expect(outcomeOf(states[kind], go(states[kind], events[name]))).toBe(expected)
      })
    }
  }
})

describe('counting of failures', () => {
  const healthy: LinkState = { kind: 'online', failures: 7, sinceMs: nowMs - healthyAfterMs }
  const young: LinkState = { kind: 'online', failures: 7, sinceMs: nowMs - healthyAfterMs + 1 }

  it('begins anew after a session that was healthy for a minute', () => {
    expect(go(healthy, events.lost).state).toMatchObject({ kind: 'waiting', failures: 0, cause: 'silent' })
  })
  it('goes on after a session that was one millisecond short of it', () => {
    expect(go(young, events.lost).state).toMatchObject({ kind: 'waiting', failures: 8 })
  })
  it('goes on through attempt, hello and welcome', () => {
    const opened = go(states.connecting, events.opened).state
    expect(opened).toMatchObject({ failures: 3 })
    expect(go(opened, events.welcomed).state).toMatchObject({ failures: 3 })
  })
  it('begins anew with another identity', () => {
    expect(go(states.waiting, events.pairedNow).state).toEqual({ kind: 'connecting', failures: 0 })
  })

  it('spreads the return from a healthy session over 30 s', () => {
    expect(delayOf(go(healthy, events.lost, 0).effects)).toBe(0)
    expect(delayOf(go(healthy, events.lost, 0.999).effects)).toBeCloseTo(29_970)
  })
  it('takes the delay that the gateway named after a healthy session, whatever is drawn', () => {
    const goodbye: LinkEvent = { kind: 'goodbye', reason: 'drain', reconnectAfterMs: 4_321 }
    expect(delayOf(go(healthy, goodbye, 0.9).effects)).toBe(4_321)
  })
  it('backs off in spite of a named delay of nothing while sessions come to nothing', () => {
    expect(delayOf(go(young, events.drained, 0.5).effects)).toBe(0.5 * 128_000)
  })
  it('never retries a refused identity before half a minute', () => {
    expect(delayOf(go({ kind: 'connecting', failures: 0 }, events.unauthorized, 0).effects)).toBe(30_000)
  })
  it('waits as long as the answer to the upgrade asked for', () => {
    const refused: LinkEvent = { kind: 'refused', status: 503, retryAfterMs: 90_000 }
    expect(delayOf(go({ kind: 'connecting', failures: 0 }, refused).effects)).toBe(90_000)
  })
})
