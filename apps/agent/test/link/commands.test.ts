import { describe, expect, it } from 'vitest'
import { succeeded } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import { clear, finals, id, nextUpdate, order, told } from './orders.ts'

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
