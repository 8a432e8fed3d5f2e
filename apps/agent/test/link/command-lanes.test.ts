import { describe, expect, it } from 'vitest'
import { maxWaitingCommands } from '../../src/link/command-desk.ts'
import { startLinkWorld } from './link-world.ts'
import { clear, finals, id, order } from './orders.ts'

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
