import { describe, expect, it } from 'vitest'
import { startHeartbeat } from '../../src/link/heartbeat.ts'
import { startLinkWorld } from './link-world.ts'

describe('a live connection', () => {
  it('is pinged as often as the welcome says', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ pingEveryMs: 4_000 })
    for (let count = 0; count < 5; count += 1) {
      const pinged = session.pinged()
      await world.live(session, 4_000)
      await pinged
    }
    expect(world.link.status().state).toBe('online')
  })

  it('is pinged every 10 s where the welcome asks for less', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ pingEveryMs: 600_000 })
    const pinged = session.pinged()
    await world.live(session, 10_000)
    await pinged
  })

  it('answers the pings of the gateway', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await session.roundTrip()
  })

  it('lives on where only frames come and no pong', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.playDead()
    for (let count = 0; count < 20; count += 1) {
      session.send({ type: 'reportRate', everyMs: 1_000 })
      await session.roundTrip()
      await world.clock.advance(4_000)
    }
    expect(world.link.status().state).toBe('online')
  })

  it.each([1_000, 10_000, 600_000])(
    'counts as dead within 25 s of silence, asked to ping every %i ms',
    async (pingEveryMs) => {
      const world = await startLinkWorld()
      const session = await world.online({ pingEveryMs })
      await world.live(session, 60_000)
      session.playDead()
      const before = world.clock.now()
      while (world.link.status().state === 'online') await world.clock.advanceToNext()
      expect(world.clock.now() - before).toBeLessThanOrEqual(25_000)
      expect(world.link.status()).toMatchObject({ state: 'waiting', cause: 'silent' })
      expect(await session.closed).toBe(1006)
    },
  )
})

describe('the heartbeat', () => {
  it('counts beats and not time, so that a machine that slept reads what came before it gives up', () => {
    const beats: (() => void)[] = []
    let deaths = 0
    const heartbeat = startHeartbeat({
      clock: {
        now: () => {
          throw new Error('the heartbeat read the clock')
        },
        date: () => new Date(0),
        schedule: (callback) => {
          beats.push(callback)
          return () => {}
        },
      },
      pingEveryMs: 10_000,
      ping: () => {},
      silent: () => {
        deaths += 1
      },
    })
    const beat = () => beats.shift()?.()
    for (let hour = 0; hour < 10; hour += 1) {
      beat()
      beat()
      heartbeat.heard()
    }
    expect(deaths).toBe(0)
    for (let silent = 0; silent < 10; silent += 1) beat()
    expect(deaths).toBe(1)
  })
})
