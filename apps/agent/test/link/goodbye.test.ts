import { describe, expect, it } from 'vitest'
import { startLinkWorld } from './link-world.ts'

const healthyMs = 60_000

describe('a goodbye', () => {
  it('for a drain brings the device back when it said, after a healthy session', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await world.live(session, healthyMs)
    session.send({ type: 'goodbye', reason: 'drain', reconnectAfterMs: 7_000 })
    await world.until('waiting', 'drain')
    expect(await session.closed).toBe(1000)
    expect(await world.nextAttempt()).toBe(7_000)
    await world.online()
  })

  it.each(['drain', 'overloaded', 'tooSlow', 'protocolError'] as const)(
    'for %s right after the welcome is honoured and backed off from, so that no loop comes of it',
    async (reason) => {
      const world = await startLinkWorld()
      const delays: number[] = []
      for (const reconnectAfterMs of [0, 0, 0, 60_000]) {
        const session = await world.online()
        session.send({ type: 'goodbye', reason, reconnectAfterMs })
        await world.until('waiting', reason)
        await session.closed
        delays.push(await world.nextAttempt())
      }
      expect(delays).toEqual([500, 1_000, 2_000, 60_000])
    },
  )

  it('before the welcome counts as well', async () => {
    const world = await startLinkWorld()
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    session.send({ type: 'goodbye', reason: 'overloaded', reconnectAfterMs: 20_000 })
    await world.until('waiting', 'overloaded')
    await session.closed
    expect(await world.nextAttempt()).toBe(20_000)
  })

  it('for a revoked device stops the link until it has another identity', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send({ type: 'goodbye', reason: 'revoked', reconnectAfterMs: 0 })
    await world.until('revoked', 'revoked')
    await session.closed
    await world.clock.advance(86_400_000)
    expect(world.gateway.upgrades).toHaveLength(1)
    expect(world.clock.pendingCount).toBe(0)
    world.port.setIdentity({ ...world.identity })
    expect(world.link.status().state).toBe('revoked')
    world.port.setIdentity({ ...world.identity, deviceSecret: 'rushes_dev_device-1.another' })
    await world.online()
    expect(world.gateway.upgrades.at(-1)?.authorization).toBe('Bearer rushes_dev_device-1.another')
  })

  it('for a superseded connection keeps the device away for minutes and is a warning', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await world.live(session, healthyMs)
    session.send({ type: 'goodbye', reason: 'superseded', reconnectAfterMs: 0 })
    await world.until('waiting', 'superseded')
    expect(await session.closed).toBe(1000)
    expect(world.link.status().message).toContain('identity')
    expect(world.log.at(-1)).toMatchObject({ level: 40, cause: 'superseded' })
    expect(await world.nextAttempt()).toBe(450_000)
  })

  it('that names a year is not believed for more than an hour', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send({ type: 'goodbye', reason: 'drain', reconnectAfterMs: 365 * 86_400_000 })
    await world.until('waiting', 'drain')
    await session.closed
    expect(await world.nextAttempt()).toBe(3_600_000)
  })

  it('counts before the close that follows it', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.send({ type: 'goodbye', reason: 'drain', reconnectAfterMs: 9_000 })
    session.cut()
    await world.until('waiting')
    expect(world.link.status().cause).toBe('drain')
  })
})

describe('a connection that is cut', () => {
  it('after a healthy minute is made again within 30 s, drawn in full', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await world.live(session, healthyMs)
    session.cut()
    await world.until('waiting', 'closedByGateway')
    expect(await world.nextAttempt()).toBe(15_000)
  })

  it('again and again before its first minute is made again ever later, until one was healthy', async () => {
    const world = await startLinkWorld()
    const delays: number[] = []
    for (let count = 0; count < 5; count += 1) {
      const session = await world.online()
      session.cut()
      await world.until('waiting')
      delays.push(await world.nextAttempt())
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000])

    const healthy = await world.online()
    await world.live(healthy, healthyMs)
    healthy.cut()
    await world.until('waiting')
    await world.nextAttempt()
    const next = await world.online()
    next.cut()
    await world.until('waiting')
    expect(await world.nextAttempt()).toBe(500)
  })
})
