import { randomUUID } from 'node:crypto'
import type { Database } from '@rushes/db'
import { agentClientIdPrefix, deviceScope } from '@rushes/protocol'
import { approvePairing } from '../../src/pairing/approve.ts'
import { pollPairing } from '../../src/pairing/poll.ts'
import { requestPairingCode } from '../../src/pairing/request-code.ts'
import { ana } from './fixtures.ts'

export type Clock = { now: Date; advance(ms: number): void }

export function clockAt(iso: string): Clock {
  const clock = {
    now: new Date(iso),
    advance: (ms: number) => {
      clock.now = new Date(clock.now.getTime() + ms)
    },
  }
  return clock
}

export const newAgentId = () => `${agentClientIdPrefix}${randomUUID()}`

/** Narrows a returned union, or fails with what came instead. */
export function expectKind<T extends { kind: string }, K extends T['kind']>(
  outcome: T,
  kind: K,
): Extract<T, { kind: K }> {
  if (outcome.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(outcome)}`)
  return outcome as Extract<T, { kind: K }>
}

export const asksFor = (clientId: string) => ({
  clientId,
  clientSecret: null,
  scope: deviceScope,
  deviceName: 'A-Cam',
  uploadTo: null,
  firmwareVersion: '1.0.0',
  remoteAddress: null,
})

/** The whole way of one of our agents: ask, be approved, fetch the tokens. */
export async function pair(db: Database, clock: Clock, projectId: string, clientId = newAgentId()) {
  const asked = expectKind(await requestPairingCode({ db, now: clock.now }, asksFor(clientId)), 'requested')
  const approved = expectKind(
    await approvePairing(
      { db, now: clock.now, actor: ana },
      { userCode: asked.userCode, projectId, remoteAddress: null },
    ),
    'approved',
  )
  const poll = () => pollPairing({ db, now: clock.now }, { clientId, clientSecret: null, deviceCode: asked.deviceCode })
  const paired = expectKind(await poll(), 'paired')
  return {
    clientId,
    deviceId: approved.deviceId,
    approved,
    poll,
    tokens: paired.tokens,
    controlLink: paired.controlLink,
  }
}
