import { maxLinkMessageBytes } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { uploadReport } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import type { GatewaySession } from './scripted-gateway.ts'

const nextSeqs = async (session: GatewaySession) => (await session.nextOf('events')).events.map((event) => event.seq)
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('lifecycle events', () => {
  it('go in batches of 50, one on its way at a time, and are forgotten once stored', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(120) })
    const session = await world.online()
    expect(await nextSeqs(session)).toEqual(range(1, 50))
    expect(await session.settle()).toEqual([])
    expect(world.port.outbox()).toHaveLength(120)

    session.send({ type: 'eventsStored', lastSeq: 50 })
    expect(await nextSeqs(session)).toEqual(range(51, 100))
    expect(world.port.outbox().map((event) => event.seq)).toEqual(range(51, 120))
    session.send({ type: 'eventsStored', lastSeq: 100 })
    expect(await nextSeqs(session)).toEqual(range(101, 120))
    session.send({ type: 'eventsStored', lastSeq: 120 })
    expect(await session.settle()).toEqual([])
    expect(world.port.outbox()).toEqual([])
  })

  it('go at once when they happen', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.appendNotices(2)
    expect(await nextSeqs(session)).toEqual([1, 2])
  })

  it('that follow soon after others go together a moment after those, though they were stored at once', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.appendNotices(1)
    expect(await nextSeqs(session)).toEqual([1])
    session.send({ type: 'eventsStored', lastSeq: 1 })
    await session.settle()
    const readBefore = world.port.reads.events
    for (let change = 0; change < 3; change += 1) {
      world.port.appendNotices(1)
      expect(await session.settle()).toEqual([])
    }
    expect(world.port.reads.events).toBe(readBefore)
    await world.clock.advance(250)
    expect(await nextSeqs(session)).toEqual([2, 3, 4])
    // After a pause they go at once again.
    session.send({ type: 'eventsStored', lastSeq: 4 })
    await world.clock.advance(250)
    world.port.appendNotices(1)
    expect(await nextSeqs(session)).toEqual([5])
  })

  it('begin after what the welcome says is stored, and that is forgotten', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(30) })
    const session = await world.online({ lastSeq: 20 })
    expect(await nextSeqs(session)).toEqual(range(21, 30))
    expect(world.port.outbox().map((event) => event.seq)).toEqual(range(21, 30))
  })

  it('are sent again from the same place after a reconnect when the confirmation was lost', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(70) })
    const first = await world.online()
    expect(await nextSeqs(first)).toEqual(range(1, 50))
    first.cut()
    await world.until('waiting')
    await world.nextAttempt()
    const second = await world.online({ lastSeq: 0 })
    expect(await nextSeqs(second)).toEqual(range(1, 50))
  })

  it('are not sent again after a reconnect when the batch was stored and only its confirmation was lost', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(70) })
    const first = await world.online()
    await nextSeqs(first)
    first.cut()
    await world.until('waiting')
    await world.nextAttempt()
    const second = await world.online({ lastSeq: 50 })
    expect(await nextSeqs(second)).toEqual(range(51, 70))
  })

  it('are sent again on the same connection, ever more rarely, while nothing is confirmed', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(3) })
    world.random = 0
    const session = await world.online()
    expect(await nextSeqs(session)).toEqual([1, 2, 3])
    await world.live(session, 29_000)
    expect(await session.settle()).toEqual([])
    await world.live(session, 1_000)
    expect(await nextSeqs(session)).toEqual([1, 2, 3])
    await world.live(session, 59_000)
    expect(await session.settle()).toEqual([])
    await world.live(session, 1_000)
    expect(await nextSeqs(session)).toEqual([1, 2, 3])
  })

  it('that were stored in part are sent from there on', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(10) })
    const session = await world.online()
    expect(await nextSeqs(session)).toEqual(range(1, 10))
    session.send({ type: 'eventsStored', lastSeq: 4 })
    expect(await nextSeqs(session)).toEqual(range(5, 10))
  })

  it('that could not be stored do not make a loop', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(10) })
    const session = await world.online()
    await nextSeqs(session)
    for (let count = 0; count < 20; count += 1) session.send({ type: 'eventsStored', lastSeq: 0 })
    expect(await session.settle()).toEqual([])
  })

  it('that were never sent are not forgotten, whatever a gateway confirms', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(60) })
    const session = await world.online()
    await nextSeqs(session)
    session.send({ type: 'eventsStored', lastSeq: 1_000_000 })
    expect(await nextSeqs(session)).toEqual(range(51, 60))
    expect(world.port.outbox().map((event) => event.seq)).toEqual(range(51, 60))
  })

  it('go on when the gateway claims to know more than there ever were, and the log tells of it', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.appendNotices(5) })
    const session = await world.online({ lastSeq: 900 })
    world.port.appendNotices(1)
    expect(await nextSeqs(session)).toEqual([6])
    expect(world.log.some(({ level, msg }) => level === 50 && msg.includes('more events'))).toBe(true)
  })

  it('are cut by bytes before 64 KiB where paths are long', async () => {
    const world = await startLinkWorld({
      prepare: (port) => {
        port.appendNotices(60)
        const upload = uploadReport(1, '\u0001'.repeat(4_096))
        for (const event of port.outbox()) event.body = { kind: 'uploadChanged', upload }
      },
    })
    const session = await world.online()
    for (let lastSeq = 0; lastSeq < 60; ) {
      const seqs = await nextSeqs(session)
      expect(seqs[0]).toBe(lastSeq + 1)
      lastSeq += seqs.length
      session.send({ type: 'eventsStored', lastSeq })
    }
    expect(Math.max(...session.byteCounts)).toBeLessThanOrEqual(maxLinkMessageBytes)
  })

  it('of days without a link go up in order and without gaps once it is back', async () => {
    const world = await startLinkWorld()
    const first = await world.online()
    first.cut()
    await world.until('waiting')
    for (let hour = 0; hour < 72; hour += 1) world.port.appendNotices(25)
    await world.nextAttempt()
    const second = await world.online()
    const seqs: number[] = []
    while (seqs.length < 1_800) {
      seqs.push(...(await nextSeqs(second)))
      second.send({ type: 'eventsStored', lastSeq: seqs.at(-1) ?? 0 })
    }
    expect(seqs).toEqual(range(1, 1_800))
  })
})
