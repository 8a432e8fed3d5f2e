import { commandKinds } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { uploadReports } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'

describe('a link that connects', () => {
  it('authorizes with the device secret as it was given, without an Origin and without compression', async () => {
    const world = await startLinkWorld()
    await world.online()
    const [headers] = world.gateway.upgrades
    expect(headers?.authorization).toBe('Bearer rushes_dev_device-1.opaque-secret')
    expect(headers?.origin).toBeUndefined()
    expect(headers?.['sec-websocket-extensions']).toBeUndefined()
  })

  it('puts prefix and device id before a secret that lacks them', async () => {
    const world = await startLinkWorld({ identity: { deviceSecret: 'bare-secret' } })
    await world.online()
    expect(world.gateway.upgrades[0]?.authorization).toBe('Bearer rushes_dev_device-1.bare-secret')
  })

  it('says hello first, with its clock, its outbox and what it can do', async () => {
    const world = await startLinkWorld()
    const session = await world.gateway.nextSession()
    expect(await session.next()).toEqual({
      type: 'hello',
      v: 1,
      agentVersion: '0.1.0',
      bootId: 'boot-1',
      outboxId: 'outbox-1',
      hostname: 'cart-1',
      platform: 'linux x64',
      deviceTime: '2026-11-22T12:00:00.000Z',
      commandKinds,
    })
    expect(await session.settle()).toEqual([])
  })

  it('waits for a pairing where there is none, and connects when one comes', async () => {
    const world = await startLinkWorld({ identity: null })
    expect(world.link.status()).toMatchObject({ state: 'unpaired', cause: null })
    expect(world.clock.pendingCount).toBe(0)
    world.port.setIdentity(world.identity)
    await world.online()
    expect(world.link.status().state).toBe('online')
  })

  it('connects anew when the secret was rotated or the outbox begun anew, and not when nothing changed', async () => {
    const world = await startLinkWorld()
    const first = await world.online()
    world.port.setIdentity({ ...world.identity })
    await first.settle()
    expect(world.gateway.upgrades).toHaveLength(1)

    world.port.setIdentity({ ...world.identity, outboxId: 'outbox-2' })
    const second = await world.gateway.nextSession()
    expect(await second.next()).toMatchObject({ type: 'hello', outboxId: 'outbox-2' })
    expect(await first.closed).toBe(1000)
  })

  it('lets go of the connection when the device is deauthorized', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.setIdentity(null)
    expect(await session.closed).toBe(1000)
    expect(world.link.status().state).toBe('unpaired')
  })

  it('never logs the secret, and logs one line for each change', async () => {
    const world = await startLinkWorld()
    world.gateway.refuse({ status: 401 })
    await world.until('waiting', 'unauthorized')
    await world.nextAttempt()
    const session = await world.online()
    session.cut()
    await world.until('waiting', 'closedByGateway')
    await world.link.stop()
    expect(world.logText()).not.toContain('opaque-secret')
    expect(world.log.map(({ link, cause }) => cause ?? link)).toEqual([
      'connecting',
      'unauthorized',
      'connecting',
      'greeting',
      'online',
      'closedByGateway',
      'stopped',
    ])
  })
})

describe('an address', () => {
  it('that is plain and leads beyond this machine is refused until another identity comes', async () => {
    const world = await startLinkWorld({ identity: { agentUrl: 'ws://203.0.113.5:3001/agent' } })
    expect(world.link.status()).toMatchObject({ state: 'unusable', cause: 'addressInsecure' })
    expect(world.clock.pendingCount).toBe(0)
    world.port.setIdentity({ ...world.identity, agentUrl: world.gateway.url })
    await world.online()
  })
  it('that is plain is used where that was allowed', async () => {
    const world = await startLinkWorld({ identity: { agentUrl: 'ws://rushes.invalid/agent' }, allowInsecure: true })
    expect(world.link.status().state).toBe('connecting')
  })
  it.each(['https://rushes.example/agent', 'wss://user:pw@rushes.example/', 'wss://rushes.example/#x', 'nonsense', ''])(
    'that is no address of a gateway is refused: %j',
    async (agentUrl) => {
      const world = await startLinkWorld({ identity: { agentUrl } })
      expect(world.link.status()).toMatchObject({ state: 'unusable', cause: 'addressMalformed' })
      expect(world.logText()).not.toContain('user:pw')
    },
  )
})

describe('a link that is not let in', () => {
  it.each([401, 403])('says that its credentials are refused and retries slowly after HTTP %i', async (status) => {
    const world = await startLinkWorld()
    world.random = 0
    world.gateway.refuse({ status }, { status }, { status })
    const delays: number[] = []
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await world.until('waiting', 'unauthorized')
      const { nextAttemptAt } = world.link.status()
      expect(new Date(nextAttemptAt ?? 0).getTime()).toBeGreaterThan(world.clock.now())
      delays.push(await world.nextAttempt())
    }
    expect(delays).toEqual([30_000, 60_000, 120_000])
    await world.online()
    expect(world.link.status()).toMatchObject({ state: 'online', cause: null, nextAttemptAt: null })
  })

  it('comes back when an overloaded gateway said', async () => {
    const world = await startLinkWorld()
    world.gateway.refuse({ status: 503, retryAfterSeconds: 42 })
    await world.until('waiting', 'upgradeRefused')
    expect(await world.nextAttempt()).toBe(42_000)
    await world.online()
  })

  it('backs off exponentially with full jitter while nothing answers', async () => {
    const world = await startLinkWorld({ identity: { agentUrl: 'ws://127.0.0.1:1/agent' } })
    const delays: number[] = []
    for (let attempt = 0; attempt < 11; attempt += 1) {
      await world.until('waiting', 'unreachable')
      delays.push(await world.nextAttempt())
    }
    const half = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 150_000, 150_000]
    expect(delays).toEqual(half)
    expect(world.log.find(({ cause }) => cause === 'unreachable')?.detail).toBe('ECONNREFUSED')
  })

  it('gives up on a gateway that never answers the upgrade', async () => {
    const world = await startLinkWorld()
    world.gateway.ignoreUpgrades()
    await world.gateway.nextUnanswered()
    await world.clock.advance(15_000)
    await world.until('waiting', 'connectTimeout')
  })

  it('gives up on a gateway that never welcomes', async () => {
    const world = await startLinkWorld()
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    await world.clock.advance(15_000)
    await world.until('waiting', 'welcomeTimeout')
    expect(await session.closed).toBe(1002)
  })

  it('retries slowly where the gateway speaks another version', async () => {
    const world = await startLinkWorld()
    world.random = 0
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    session.sendWelcome({ v: 2 })
    await world.until('waiting', 'versionUnsupported')
    expect(await session.closed).toBe(1002)
    expect(world.link.status().nextAttemptAt).toBe(new Date(world.clock.now() + 30_000).toISOString())
  })
})

describe('stop', () => {
  it('closes a live connection as one that goes away', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await world.link.stop()
    expect(await session.closed).toBe(1001)
    expect(world.clock.pendingCount).toBe(0)
    expect(world.port.listenerCount()).toBe(0)
  })

  it('does not wait for an upgrade that is not answered', async () => {
    const world = await startLinkWorld()
    world.gateway.ignoreUpgrades()
    await world.gateway.nextUnanswered()
    await world.link.stop()
    expect(world.clock.pendingCount).toBe(0)
  })

  it('does not wait for the next attempt', async () => {
    const world = await startLinkWorld({ identity: { agentUrl: 'ws://127.0.0.1:1/agent' } })
    await world.until('waiting')
    await world.link.stop()
    expect(world.clock.pendingCount).toBe(0)
    expect(world.link.status().state).toBe('stopped')
  })

  it('cuts a connection whose other side does not answer the close within a second', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.pauseReading()
    const stopped = world.link.stop()
    await world.clock.advance(1_000)
    await stopped
    expect(world.clock.pendingCount).toBe(0)
  })

  it('ends in the middle of a snapshot, and nothing is read after it', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(10_000)) })
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    session.sendWelcome()
    await session.nextOf('snapshotUploads')
    await world.link.stop()
    const { uploads } = world.port.reads
    await world.clock.advance(600_000)
    world.port.appendNotices(3)
    expect(uploads).toBeLessThan(100)
    expect(world.port.reads.uploads).toBe(uploads)
    expect(world.port.reads.events).toBe(0)
  })

  it('is the end: no news starts the link again', async () => {
    const world = await startLinkWorld()
    await world.online()
    await world.link.stop()
    world.port.setIdentity({ ...world.identity, outboxId: 'outbox-2' })
    await world.clock.advance(600_000)
    expect(world.gateway.upgrades).toHaveLength(1)
    expect(world.link.status().state).toBe('stopped')
  })
})
