import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { InboundQueue } from '../src/agent/inbound-queue.ts'
import { storeQuietStatusWithinMs, storeStatusWithinMs } from '../src/agent/limits.ts'
import { StatusKeeper } from '../src/agent/status-keeper.ts'
import { readConfig } from '../src/config.ts'
import { ConflatingLog } from '../src/live/conflating-log.ts'
import { remoteAddressReader } from '../src/remote-address.ts'
import { statusOf } from './support/test-agent.ts'

describe('when a summary is written', () => {
  const kept = (nowMs = 0) => {
    const keeper = new StatusKeeper(statusOf(), nowMs)
    keeper.wasStored(statusOf(), nowMs)
    return keeper
  }

  test('never while nothing changes', () => {
    const keeper = kept()
    keeper.told(statusOf())
    expect(keeper.due(10 * storeQuietStatusWithinMs)).toBeNull()
    expect(keeper.isUnstored()).toBe(false)
  })

  test('soon when something changed that an operator acts on', () => {
    const keeper = kept()
    keeper.told(statusOf({ counts: { failed: 1 } }))
    expect(keeper.due(storeStatusWithinMs - 1)).toBeNull()
    expect(keeper.due(storeStatusWithinMs)).toEqual(statusOf({ counts: { failed: 1 } }))
  })

  test('seldom when bytes and rates alone moved', () => {
    const keeper = kept()
    keeper.told(statusOf({ rateBytesPerSecond: 9 }))
    expect(keeper.isUnstored()).toBe(true)
    expect(keeper.due(storeQuietStatusWithinMs - 1)).toBeNull()
    expect(keeper.due(storeQuietStatusWithinMs)).toEqual(statusOf({ rateBytesPerSecond: 9 }))
  })

  test('again after it failed', () => {
    const keeper = kept()
    keeper.told(statusOf({ counts: { failed: 1 } }))
    keeper.wasStored(statusOf({ counts: { failed: 1 } }), 5_000)
    keeper.wasNotStored()
    expect(keeper.due(5_000 + storeStatusWithinMs)).not.toBeNull()
  })
})

describe('the inbound queue', () => {
  test('keeps the order, and makes the source wait while much is to be done', async () => {
    const calls: string[] = []
    const done: number[] = []
    const gate = Promise.withResolvers<void>()
    const last = Promise.withResolvers<void>()
    const total = 3 * InboundQueue.highMark
    const queue = new InboundQueue<number>(
      async (item) => {
        await gate.promise
        done.push(item)
        if (item === total) last.resolve()
      },
      { pause: () => calls.push('pause'), resume: () => calls.push('resume') },
    )
    for (let n = 1; n <= total; n += 1) queue.push(n)
    expect(queue.paused).toBe(true)
    expect(calls).toEqual(['pause'])
    gate.resolve()
    await last.promise
    expect(done).toEqual(Array.from({ length: total }, (_, n) => n + 1))
    expect(calls).toEqual(['pause', 'resume'])
    expect(queue.paused).toBe(false)
  })

  test('drops what waits when it is closed', async () => {
    const done: number[] = []
    const gate = Promise.withResolvers<void>()
    const queue = new InboundQueue<number>(
      async (item) => {
        await gate.promise
        done.push(item)
      },
      { pause: () => undefined, resume: () => undefined },
    )
    queue.push(1)
    queue.push(2)
    queue.close()
    queue.push(3)
    gate.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toEqual([1])
  })
})

describe('the log of deltas', () => {
  type Delta = Record<string, number>
  const create = (limits = { maxKeptCount: 4, maxKeptWeight: 100 }) =>
    new ConflatingLog<Delta>(
      { merge: (older, newer) => ({ ...older, ...newer }), weigh: (delta) => Object.keys(delta).length },
      limits,
    )
  const never = new AbortController().signal

  test('gives a slow watcher the last value of each field once', async () => {
    const log = create()
    const watcher = log.watch()
    for (let n = 1; n <= 100; n += 1) log.append({ a: n, [n % 2 === 0 ? 'even' : 'odd']: n })
    expect(await watcher.next(1_000, never)).toEqual({ seq: 100, delta: { a: 100, even: 100, odd: 99 } })
    expect(await watcher.next(1, never)).toBeNull()
  })

  test('is resumed from every number whose successors are kept, and from no other', async () => {
    const log = create()
    for (let n = 1; n <= 10; n += 1) log.append({ [`f${n}`]: n })
    expect(log.resume(5)).toBeNull()
    const watcher = log.resume(6)
    expect(await watcher?.next(1, never)).toEqual({ seq: 10, delta: { f7: 7, f8: 8, f9: 9, f10: 10 } })
    expect(await log.resume(10)?.next(1, never)).toBeNull()
    expect(log.resume(11)).toBeNull()
    expect(log.resume(Number.NaN)).toBeNull()
  })

  test('keeps no more than it may, by number and by weight', () => {
    const log = create({ maxKeptCount: 100, maxKeptWeight: 3 })
    for (let n = 1; n <= 5; n += 1) log.append({ a: n, b: n })
    expect(log.resume(3)).toBeNull()
    expect(log.resume(4)).not.toBeNull()
    log.append({ a: 1, b: 1, c: 1, d: 1 })
    expect(log.resume(5)).toBeNull()
    expect(log.resume(6)).not.toBeNull()
  })

  test('a wait ends when the watcher gives up', async () => {
    const gaveUp = new AbortController()
    const waiting = create().watch().next(60_000, gaveUp.signal)
    gaveUp.abort()
    expect(await waiting).toBeNull()
  })
})

describe('the remote address', () => {
  const from = (direct: string, forwarded?: string) => {
    const socket = new Socket()
    Object.defineProperty(socket, 'remoteAddress', { value: direct })
    const request = new IncomingMessage(socket)
    if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
    return remoteAddressReader(['127.0.0.0/8', '::1', '10.1.2.3'])(request)
  }

  test.each([
    ['192.0.2.9', '203.0.113.5', '192.0.2.9'],
    ['::1', '6.6.6.6, 203.0.113.5, 10.1.2.3', '203.0.113.5'],
  ])('%s with %s is %s', (direct, forwarded, expected) => {
    expect(from(direct, forwarded)).toBe(expected)
  })
})

describe('the environment', () => {
  const good = {
    DATABASE_URL: 'postgresql://u:p@localhost/rushes',
    RUSHES_PUBLIC_URL: 'https://rushes.test',
    RUSHES_SECRET: 'long enough a secret',
  }

  test('has defaults for what may be left out', () => {
    expect(readConfig(good)).toMatchObject({ port: 3001, host: '127.0.0.1', trustedProxies: ['127.0.0.0/8', '::1'] })
  })

  test.each([
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', ''],
    ['RUSHES_PUBLIC_URL', 'rushes.test'],
    ['RUSHES_SECRET', 'short'],
    ['RUSHES_GATEWAY_PORT', '70000'],
    ['RUSHES_GATEWAY_PORT', 'http'],
    ['RUSHES_TRUSTED_PROXIES', 'proxy.local'],
  ])('with %s=%s names the variable and an example', (name, value) => {
    expect(() => readConfig({ ...good, [name]: value })).toThrow(
      expect.objectContaining({
        code: 'badEnvironment',
        message: expect.stringContaining(name),
        hint: expect.stringContaining(`${name}=`),
      }),
    )
  })
})
