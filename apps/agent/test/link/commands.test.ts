import type { CommandBody, ExecutionUpdate } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { maxWaitingCommands } from '../../src/link/command-desk.ts'
import { succeeded } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import type { GatewaySession } from './scripted-gateway.ts'

const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const order = (
  number: number,
  body: CommandBody | { kind: string } = { kind: 'holdUploads' },
  expiresAt: string | null = null,
) =>
  ({
    type: 'command',
    executionId: id(number),
    commandId: id(1_000_000 + number),
    issuedAt: '2026-11-22T11:59:00.000Z',
    expiresAt,
    body,
  }) as const
const clear: CommandBody = { kind: 'clearQueue' }

const nextUpdate = async (session: GatewaySession): Promise<ExecutionUpdate> =>
  (await session.nextOf('execution')).update
/** The states told of each execution within a few turns. */
const told = async (session: GatewaySession) =>
  (await session.settle()).flatMap((frame) =>
    frame.type === 'execution' ? [[Number(frame.update.executionId.slice(-12)), frame.update.outcome.state]] : [],
  )
const finals = async (session: GatewaySession) => (await told(session)).filter(([, state]) => state !== 'acknowledged')

describe('a command', () => {
  it('is acknowledged once it is on record, tells how far it is, and ends with its result', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, { kind: 'retryUploads', uploadIds: ['upload-1'] }))
    expect((await nextUpdate(session)).outcome).toEqual({ state: 'acknowledged' })
    const [begun] = world.port.begun
    expect(begun?.order).toEqual({
      executionId: id(1),
      commandId: id(1_000_001),
      body: { kind: 'retryUploads', uploadIds: ['upload-1'] },
      expiresAt: null,
    })
    begun?.progress({ step: 'queueing again', percent: 40 })
    expect((await nextUpdate(session)).outcome).toEqual({ state: 'running', step: 'queueing again', percent: 40 })
    begun?.finish()
    expect((await nextUpdate(session)).outcome).toEqual(succeeded)
  })

  it('that is delivered three times in a row is carried out once', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    for (let count = 0; count < 3; count += 1) session.send(order(1))
    await session.settle()
    expect(world.port.begun).toHaveLength(1)
    world.port.begun[0]?.finish()
    session.send(order(1))
    await session.settle()
    expect(world.port.begun).toHaveLength(1)
    expect(world.port.effects).toEqual([id(1)])
  })

  it('that is delivered again after it ended is answered with what is on record', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send(order(1))
    await session.settle()
    session.send({ type: 'executionStored', executionId: id(1), state: 'succeeded' })
    session.send(order(1))
    expect((await nextUpdate(session)).outcome).toEqual(succeeded)
    expect(world.port.effects).toEqual([id(1)])
  })

  it('under way that is delivered again after a reconnect is not begun again, and its last word is said again', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const first = await world.online()
    first.send(order(1, clear))
    await nextUpdate(first)
    world.port.begun[0]?.progress({ step: 'clearing', percent: 10 })
    await nextUpdate(first)
    first.cut()
    await world.until('waiting')
    await world.nextAttempt()
    const second = await world.online()
    expect(second.received.find((frame) => frame.type === 'execution')).toMatchObject({
      update: { outcome: { state: 'running', percent: 10 } },
    })
    second.send(order(1, clear))
    await world.clock.advance(1_000)
    expect((await nextUpdate(second)).outcome).toMatchObject({ state: 'running', percent: 10 })
    world.port.begun[0]?.finish()
    await second.settle()
    expect(second.received.at(-1)).toMatchObject({ type: 'execution', update: { outcome: succeeded } })
    expect(world.port.begun).toHaveLength(1)
  })

  it('that ends while the link is down says so on the next connection', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const first = await world.online()
    first.send(order(1))
    await nextUpdate(first)
    first.cut()
    await world.until('waiting')
    world.port.begun[0]?.finish()
    await world.nextAttempt()
    const second = await world.online()
    expect(second.received.filter((frame) => frame.type === 'execution')).toEqual([
      { type: 'execution', update: { executionId: id(1), at: '2026-11-22T11:59:00.000Z', outcome: succeeded } },
    ])
  })

  it('whose outcome is on record is answered after a restart of the process and not carried out again', async () => {
    const world = await startLinkWorld()
    const first = await world.online()
    first.send(order(1))
    await first.settle()
    await world.restart()
    const second = await world.online()
    second.send(order(1))
    const answers = await finals(second)
    expect(answers.every(([, state]) => state === 'succeeded')).toBe(true)
    expect(second.received.filter((frame) => frame.type === 'execution').length).toBeGreaterThan(0)
    expect(world.port.effects).toEqual([id(1)])
  })

  it('that was cut off by a restart is resumed when it is delivered again, expired or not', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const first = await world.online()
    first.send(order(1, clear))
    await nextUpdate(first)
    await world.restart()
    const second = await world.online()
    second.send(order(1, clear, '2026-11-22T11:00:00.000Z'))
    await second.settle()
    expect(world.port.begun).toHaveLength(2)
    world.port.begun[1]?.finish()
    await second.settle()
    expect(world.port.effects).toEqual([id(1)])
  })

  it('that breaks off without an outcome makes nothing up, and the lane goes on', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    await session.settle()
    world.port.begun[0]?.breakOff(new Error('disk I/O error'))
    expect(await told(session)).toEqual([[2, 'acknowledged']])
    expect(world.log.some(({ level, msg }) => level === 50 && msg.includes('cut off'))).toBe(true)
  })

  it('whose outcome is not on record is not said to have one, and is resumed when it is delivered again', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    await nextUpdate(session)
    world.port.begun[0]?.stopHalfWay({ state: 'failed', errorCode: 'AGENT_STOPPED', message: 'stopped' })
    expect(await told(session)).toEqual([])
    session.send(order(1, clear))
    await session.settle()
    expect(world.port.begun).toHaveLength(2)
  })

  it('of an unknown kind is rejected, on record', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send(order(1, { kind: 'makeCoffee' }))
    expect((await nextUpdate(session)).outcome).toMatchObject({ state: 'rejected', errorCode: 'unknownKind' })
    expect(world.port.recordedOutcome(id(1))).toMatchObject({ state: 'rejected' })
    expect(world.port.begun).toEqual([])
  })

  it('of a known kind with fields that make no sense is rejected, on record', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.sendRaw(JSON.stringify({ ...order(1), body: { kind: 'retryUploads', uploadIds: 'all' } }))
    expect((await nextUpdate(session)).outcome).toMatchObject({ state: 'rejected', errorCode: 'malformedBody' })
  })
})

describe('an expired command', () => {
  it('is put on record as expired and does nothing', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send(order(1, clear, '2026-11-22T11:59:59.000Z'))
    expect((await nextUpdate(session)).outcome).toEqual({ state: 'expired' })
    expect(world.port.recordedOutcome(id(1))).toEqual({ state: 'expired' })
    expect(world.port.effects).toEqual([])
  })

  it('is told by the clock of the server: a device that is a year ahead still carries out what is good', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ serverTime: '2025-11-22T12:00:00.000Z' })
    session.send(order(1, clear, '2025-11-22T12:05:00.000Z'))
    session.send(order(2, clear, '2025-11-22T11:59:00.000Z'))
    expect((await finals(session)).sort()).toEqual([
      [1, 'succeeded'],
      [2, 'expired'],
    ])
    // The port has the device's clock only, and is told the expiry in that.
    expect(world.port.begun[0]?.order.expiresAt).toBe('2026-11-22T12:05:00.000Z')
  })

  it('that ran out while it waited for its turn is not begun', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear, '2026-11-22T12:00:10.000Z'))
    await session.settle()
    await world.live(session, 12_000)
    world.port.begun[0]?.finish()
    expect(await finals(session)).toEqual([
      [1, 'succeeded'],
      [2, 'expired'],
    ])
    expect(world.port.begun).toHaveLength(1)
  })
})

describe('lanes', () => {
  it('carry destructive commands out one by one in the order given, while ordinary ones overtake', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    session.send(order(3, { kind: 'holdUploads' }))
    await session.settle()
    const begun = () => world.port.begun.map((command) => Number(command.order.executionId.slice(-12)))
    expect(begun()).toEqual([1, 3])
    world.port.begun[0]?.finish()
    await session.settle()
    expect(begun()).toEqual([1, 3, 2])
  })

  it('hold a bounded number of waiting commands; what is beyond is answered as failed, to be given again', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    // One begins, the bound waits, one is too many.
    for (let number = 1; number <= maxWaitingCommands + 2; number += 1) session.send(order(number, clear))
    expect(await finals(session)).toEqual([[maxWaitingCommands + 2, 'failed']])
    expect(world.port.recordedOutcome(id(maxWaitingCommands + 2))).toMatchObject({ errorCode: 'tooManyWaiting' })
  })

  it('let go of what waits when another device takes over the identity', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    await session.settle()
    world.port.setIdentity({ ...world.identity, deviceId: 'device-2', deviceSecret: 'rushes_dev_device-2.x' })
    const next = await world.online()
    world.port.begun[0]?.finish()
    await next.settle()
    expect(world.port.begun).toHaveLength(1)
    expect(world.port.recordedOutcome(id(2))).toBeNull()
  })

  it('let go of what waits when the device is revoked', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    session.send({ type: 'goodbye', reason: 'revoked', reconnectAfterMs: 0 })
    await world.until('revoked')
    world.port.begun[0]?.finish()
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(world.port.begun).toHaveLength(1)
    expect(world.port.recordedOutcome(id(2))).toBeNull()
  })

  it('leave a command that waits at the stop unrecorded, so that it is carried out when it is given again', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    await session.settle()
    await world.link.stop()
    expect(world.port.begun[0]?.signal.aborted).toBe(false)
    world.port.begun[0]?.finish()
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(world.port.begun).toHaveLength(1)
    expect(world.port.recordedOutcome(id(2))).toBeNull()
  })
})

describe('a command that is called off', () => {
  it('before it was ever seen is on record as cancelled, and the late delivery does nothing', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send({ type: 'cancelCommand', executionId: id(1) })
    session.send(order(1, clear))
    expect(await finals(session)).toEqual([[1, 'cancelled']])
    expect(world.port.effects).toEqual([])
  })

  it('while it waits for its turn is cancelled and never begun', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    session.send({ type: 'cancelCommand', executionId: id(2) })
    expect(await finals(session)).toEqual([[2, 'cancelled']])
    world.port.begun[0]?.finish()
    await session.settle()
    expect(world.port.begun).toHaveLength(1)
  })

  it('under way is told so by its signal, and what comes of it is said', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    await nextUpdate(session)
    session.send({ type: 'cancelCommand', executionId: id(1) })
    await session.settle()
    expect(world.port.begun[0]?.signal.aborted).toBe(true)
    world.port.begun[0]?.finish()
    expect((await nextUpdate(session)).outcome).toEqual({ state: 'cancelled' })
  })

  it('after it ended is answered with how it ended', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.record(id(1), succeeded) })
    const session = await world.online()
    session.send({ type: 'cancelCommand', executionId: id(1) })
    expect((await nextUpdate(session)).outcome).toEqual(succeeded)
  })

  it('while it waits to be resumed is not called cancelled, as it had begun, and is finished', async () => {
    const world = await startLinkWorld({
      prepare: (port) => {
        port.holdCommands()
        port.record(id(2), { state: 'acknowledged' })
      },
    })
    const session = await world.online()
    session.send(order(1, clear))
    session.send(order(2, clear))
    session.send({ type: 'cancelCommand', executionId: id(2) })
    expect(await finals(session)).toEqual([])
    world.port.begun[0]?.finish()
    await session.settle()
    world.port.begun[1]?.finish()
    expect(await finals(session)).toEqual([[2, 'succeeded']])
  })

  it('and was cut off by a restart is finished by the delivery that follows', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.record(id(1), { state: 'acknowledged' }) })
    const session = await world.online()
    session.send({ type: 'cancelCommand', executionId: id(1) })
    session.send(order(1, clear))
    expect(await finals(session)).toEqual([[1, 'succeeded']])
  })
})

describe('an outcome', () => {
  it('is said on each connection until it is confirmed, and then no more', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.record(id(1), succeeded) })
    for (let count = 0; count < 2; count += 1) {
      const session = await world.online()
      expect(session.received.filter((frame) => frame.type === 'execution')).toHaveLength(1)
      session.cut()
      await world.until('waiting')
      await world.nextAttempt()
    }
    const third = await world.online()
    third.send({ type: 'executionStored', executionId: id(1), state: 'timedOut' })
    await third.settle()
    third.cut()
    await world.until('waiting')
    await world.nextAttempt()
    const fourth = await world.online()
    await fourth.settle()
    expect(fourth.received.filter((frame) => frame.type === 'execution')).toEqual([])
  })

  it('that is not confirmed is said again on the same connection after a while', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.record(id(1), succeeded) })
    world.random = 0
    const session = await world.online()
    await session.settle()
    await world.live(session, 28_000)
    expect(await told(session)).toEqual([])
    await world.live(session, 2_000)
    expect((await nextUpdate(session)).outcome).toEqual(succeeded)
    session.send({ type: 'executionStored', executionId: id(1), state: 'succeeded' })
    await world.live(session, 600_000)
    expect(await told(session)).toEqual([])
  })

  it('is one of many: 250 of them all come to be confirmed, at most 100 unconfirmed at a time', async () => {
    const world = await startLinkWorld({
      prepare: (port) => {
        for (let number = 1; number <= 250; number += 1) port.record(id(number), succeeded)
      },
    })
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    session.sendWelcome()
    const confirmed = new Set<string>()
    while (confirmed.size < 250) {
      const frames = await session.settle()
      const updates = frames.flatMap((frame) => (frame.type === 'execution' ? [frame.update.executionId] : []))
      expect(updates.length).toBeLessThanOrEqual(100)
      expect(updates.length).toBeGreaterThan(0)
      for (const executionId of updates) {
        confirmed.add(executionId)
        session.send({ type: 'executionStored', executionId, state: 'succeeded' })
      }
    }
    await session.settle()
    expect(world.port.pendingOutcomes()).toEqual([])
  })
})

describe('progress of a command', () => {
  it('is told at most once a second, the newest of what came meanwhile', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.holdCommands() })
    const session = await world.online()
    session.send(order(1, clear))
    await nextUpdate(session)
    const begun = world.port.begun[0]
    for (let percent = 1; percent <= 50; percent += 1) begun?.progress({ step: 'clearing', percent })
    expect((await nextUpdate(session)).outcome).toMatchObject({ percent: 50 })
    for (let percent = 51; percent <= 70; percent += 1) begun?.progress({ step: 'clearing', percent })
    expect(await told(session)).toEqual([])
    await world.clock.advance(1_000)
    expect((await nextUpdate(session)).outcome).toMatchObject({ percent: 70 })
    begun?.progress({ step: 'x'.repeat(500), percent: 140 })
    begun?.finish()
    expect(await told(session)).toEqual([[1, 'succeeded']])
  })
})
