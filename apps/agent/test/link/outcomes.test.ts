import { describe, expect, it } from 'vitest'
import { succeeded } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import { clear, id, nextUpdate, order, told } from './orders.ts'

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
