import { describe, expect, it } from 'vitest'
import { startLinkWorld } from './link-world.ts'

const moving = (rateBytesPerSecond: number, bytesAcknowledged = rateBytesPerSecond) => ({
  rateBytesPerSecond,
  uploads: [{ id: 'upload-1', bytesAcknowledged, bytesInFlight: 0, partsDone: 0 }],
})

describe('progress', () => {
  it('is told at once, then at most once a second, and then the newest', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ reportEveryMs: 1_000 })
    world.port.moveBytes(moving(1))
    expect(await session.nextOf('progress')).toEqual({ type: 'progress', ...moving(1) })
    for (let count = 2; count <= 40; count += 1) world.port.moveBytes(moving(count))
    expect((await session.settle()).filter((frame) => frame.type === 'progress')).toEqual([])
    await world.clock.advance(1_000)
    expect(await session.nextOf('progress')).toEqual({ type: 'progress', ...moving(40) })
  })

  it('becomes rarer and more frequent as the gateway asks', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ reportEveryMs: 10_000 })
    world.port.moveBytes(moving(1))
    await session.nextOf('progress')
    world.port.moveBytes(moving(2))
    await world.live(session, 8_000)
    expect((await session.settle()).filter((frame) => frame.type === 'progress')).toEqual([])
    session.send({ type: 'reportRate', everyMs: 1_000 })
    expect(await session.nextOf('progress')).toMatchObject(moving(2))
  })

  it('tells that the rate has come down to nothing, though nothing moves any more, and then rests', async () => {
    const world = await startLinkWorld()
    const session = await world.online({ reportEveryMs: 1_000 })
    world.port.moveBytes(moving(500))
    await session.nextOf('progress')
    world.port.progress = () => moving(0, 500)
    await world.clock.advance(1_000)
    expect(await session.nextOf('progress')).toMatchObject({ rateBytesPerSecond: 0 })
    const { pendingCount } = world.clock
    await world.live(session, 30_000)
    expect((await session.settle()).filter((frame) => frame.type === 'progress')).toEqual([])
    expect(world.clock.pendingCount).toBeLessThanOrEqual(pendingCount)
  })

  it('tells of at most 100 uploads', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    const uploads = Array.from({ length: 150 }, (_, index) => ({ ...moving(1).uploads[0], id: `upload-${index}` }))
    world.port.moveBytes({ rateBytesPerSecond: 1, uploads: uploads as never })
    expect((await session.nextOf('progress')).uploads).toHaveLength(100)
  })
})

describe('the status', () => {
  it('is told when it has changed, and changes within a second are told as one', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.setStatus({ projectEpoch: 1 })
    expect((await session.nextOf('status')).status.projectEpoch).toBe(1)
    for (let epoch = 2; epoch <= 30; epoch += 1) world.port.setStatus({ projectEpoch: epoch })
    expect(await session.settle()).toEqual([])
    await world.clock.advance(1_000)
    expect((await session.nextOf('status')).status.projectEpoch).toBe(30)
  })

  it('is not told again when it says the same as before', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.setStatus({ projectEpoch: 1 })
    await session.nextOf('status')
    world.port.setStatus({ projectEpoch: 1 })
    await world.clock.advance(2_000)
    expect(await session.settle()).toEqual([])
  })

  it('tells its sums every 10 s while bytes move', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    world.port.moveBytes(moving(1))
    await session.nextOf('status')
    const bytes = { captured: 9, acknowledged: 3, verified: 0, waiting: 6 }
    const status = { ...world.port.status(), bytes }
    world.port.status = () => status
    world.port.moveBytes(moving(2))
    await world.live(session, 8_000)
    expect((await session.settle()).filter((frame) => frame.type === 'status')).toEqual([])
    await world.live(session, 2_000)
    expect((await session.nextOf('status')).status.bytes).toEqual(bytes)
  })
})

describe('a link that is down for days', () => {
  it('keeps one timer, listens to nothing and reads nothing, whatever happens on the device', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    await world.gateway.stop()
    await session.closed
    await world.until('waiting')
    const reads = { ...world.port.reads }
    for (let hour = 0; hour < 24 * 5; hour += 1) {
      world.port.appendNotices(50)
      world.port.setStatus({ projectEpoch: hour })
      world.port.moveBytes(moving(hour))
      expect(world.clock.pendingCount).toBe(1)
      expect(world.port.listenerCount()).toBe(0)
      await world.nextAttempt()
      await world.until('waiting')
    }
    expect(world.port.reads).toEqual(reads)
  })
})
