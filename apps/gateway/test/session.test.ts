import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { gatewayFrame } from '@rushes/protocol'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgentSocket } from '../src/agent/agent-socket.ts'
import { helloWithinMs, maxBufferedBytes, pingEveryMs, silentAfterMs, tickEveryMs } from '../src/agent/limits.ts'
import { AgentSession } from '../src/agent/session.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A session at a socket that does what the test says, at a clock that goes when the test says. */
function open() {
  const clock = { nowMs: 0 }
  const calls: string[] = []
  const ended: string[] = []
  const socket = {
    bufferedBytes: 0,
    send: (text: string) => calls.push(gatewayFrame.parse(JSON.parse(text)).type),
    ping: () => calls.push('ping'),
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    close: (code: number) => calls.push(`close ${code}`),
    terminate: () => calls.push('terminate'),
  } satisfies AgentSocket
  const session = new AgentSession({ deviceId: 'd', secretSha256: 's', remoteAddress: null }, socket, {
    gatewayId: 'g',
    db: database.db,
    log: pino({ level: 'silent' }),
    live: {
      deviceChanged: () => undefined,
      uploadsChanged: () => undefined,
      executionsChanged: () => undefined,
      eventsAdded: () => undefined,
      status: () => undefined,
      progress: () => undefined,
    },
    bus: {
      publish: () => undefined,
      subscribe: () => () => undefined,
      ready: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    now: () => new Date(clock.nowMs),
    monotonicMs: () => clock.nowMs,
    reconnectDelayMs: () => 1_234,
    reportEveryMs: () => 10_000,
    onOpened: () => undefined,
    onEnded: (_session, _was, cause) => ended.push(cause),
    requestDelivery: () => undefined,
    recordClosed: () => undefined,
  })
  const welcome = () => {
    session.state = {
      kind: 'open',
      epoch: 1,
      outboxId: 'o',
      clockOffsetMs: 0,
      snapshot: null,
      snapshotSeq: 0,
      status: null,
      busyUntilMs: 0,
      toldCancelledIds: new Set(),
      toldReportEveryMs: 10_000,
    }
  }
  const pass = (ms: number) => {
    for (const endMs = clock.nowMs + ms; clock.nowMs < endMs; ) {
      clock.nowMs += tickEveryMs
      session.tick(clock.nowMs)
    }
  }
  return { session, socket, calls, ended, pass, welcome }
}

test('a device that falls silent is given up within 25 s, without waiting for TCP', () => {
  const { calls, ended, pass, welcome } = open()
  welcome()
  pass(silentAfterMs)
  expect(ended).toEqual([])
  pass(25_000 - silentAfterMs)
  expect(ended).toEqual(['silent'])
  expect(calls.at(-1)).toBe('terminate')
})

test('a device that says anything at all stays, and is pinged', () => {
  const { session, calls, ended, pass, welcome } = open()
  welcome()
  for (let n = 0; n < 20; n += 1) {
    pass(silentAfterMs - 1_000)
    session.heard()
  }
  expect(ended).toEqual([])
  const elapsedMs = 20 * (silentAfterMs - 1_000)
  expect(calls.filter((call) => call === 'ping')).toHaveLength(Math.floor(elapsedMs / pingEveryMs))
})

test('a device that never says hello is sent away', () => {
  const { session, calls, ended, pass } = open()
  pass(helloWithinMs)
  session.heard()
  expect(ended).toEqual([])
  pass(tickEveryMs)
  expect(ended).toEqual(['protocolError'])
  expect(calls).toEqual(['ping', 'goodbye', 'close 1002'])
})

test('a device that does not read is cut off instead of filling the memory', () => {
  const { session, socket, calls, ended, welcome } = open()
  welcome()
  session.send({ type: 'reportRate', everyMs: 1_000 })
  socket.bufferedBytes = maxBufferedBytes + 1
  session.send({ type: 'reportRate', everyMs: 1_000 })
  session.send({ type: 'reportRate', everyMs: 1_000 })
  expect(ended).toEqual(['tooSlow'])
  expect(calls).toEqual(['reportRate', 'close 1013'])
})

test('after its end nothing that still comes counts, and its end is told once', () => {
  const { session, calls, ended, pass, welcome } = open()
  welcome()
  session.end('drain', 500)
  session.receive(Buffer.from('{"type":"status"}'), false)
  session.lost('closedByDevice')
  session.end('revoked', 0)
  pass(60_000)
  expect(ended).toEqual(['drain'])
  expect(calls).toEqual(['goodbye', 'close 1001'])
})
