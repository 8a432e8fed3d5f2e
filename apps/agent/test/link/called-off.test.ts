import { describe, expect, it } from 'vitest'
import { succeeded } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import { clear, finals, id, nextUpdate, order } from './orders.ts'

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
