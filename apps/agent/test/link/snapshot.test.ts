import { type AgentFrame, maxLinkMessageBytes } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { uploadReports } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'
import type { GatewaySession } from './scripted-gateway.ts'

const greet = async (session: GatewaySession) => {
  await session.nextOf('hello')
  session.sendWelcome()
}
const uploadIdsOf = (frames: readonly AgentFrame[]) =>
  frames.flatMap((frame) => (frame.type === 'snapshotUploads' ? frame.uploads.map((upload) => upload.id) : []))

describe('the snapshot', () => {
  it('follows the welcome: begin with the status, pages of at most 100, end with count and newest event', async () => {
    const world = await startLinkWorld({
      prepare: (port) => {
        port.setUploads(uploadReports(250))
        port.appendNotices(7)
      },
    })
    const session = await world.gateway.nextSession()
    await greet(session)
    const frames = await session.takeSnapshot()
    expect(frames.map((frame) => frame.type)).toEqual([
      'snapshotBegin',
      'snapshotUploads',
      'snapshotUploads',
      'snapshotUploads',
      'snapshotEnd',
    ])
    expect(frames[0]).toMatchObject({ status: world.port.status() })
    expect(frames.at(-1)).toMatchObject({ uploadCount: 250, lastSeq: 7 })
    expect(uploadIdsOf(frames)).toEqual(uploadReports(250).map((upload) => upload.id))
    const ids = new Set(frames.map((frame) => ('snapshotId' in frame ? frame.snapshotId : null)))
    expect(ids.size).toBe(1)
  })

  it('of an empty queue has a begin and an end', async () => {
    const world = await startLinkWorld()
    const session = await world.gateway.nextSession()
    await greet(session)
    expect((await session.takeSnapshot()).map((frame) => frame.type)).toEqual(['snapshotBegin', 'snapshotEnd'])
  })

  it.each([
    ['plain', 'a'],
    ['three bytes each', '漢'],
    ['escaped to six bytes each', '\u0001'],
  ])('keeps each frame within 64 KiB with paths of 4096 characters, %s', async (_, character) => {
    const path = character.repeat(4_096)
    const world = await startLinkWorld({
      prepare: (port) => {
        port.setUploads(uploadReports(60, path))
        port.setStatus({
          volumes: Array.from({ length: 32 }, (__, index) => ({
            id: `volume-${index}`,
            label: 'CARD',
            path,
            sizeBytes: 1,
            freeBytes: 1,
            present: true,
          })),
        })
      },
    })
    const session = await world.gateway.nextSession()
    await greet(session)
    const frames = await session.takeSnapshot()
    expect(uploadIdsOf(frames)).toEqual(uploadReports(60).map((upload) => upload.id))
    expect(Math.max(...session.byteCounts)).toBeLessThanOrEqual(maxLinkMessageBytes)
  })

  it('is begun anew under another id when the connection was cut in the middle of it', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(5_000)) })
    const first = await world.gateway.nextSession()
    await greet(first)
    const begun = await first.nextOf('snapshotBegin')
    await first.nextOf('snapshotUploads')
    first.cut()
    await world.until('waiting', 'closedByGateway')
    await world.nextAttempt()

    const second = await world.gateway.nextSession()
    await greet(second)
    const frames = await second.takeSnapshot()
    expect(frames[0]).toMatchObject({ type: 'snapshotBegin' })
    expect(frames[0]).not.toMatchObject({ snapshotId: begun.snapshotId })
    expect(uploadIdsOf(frames)).toHaveLength(5_000)
    expect(first.received.some((frame) => frame.type === 'snapshotEnd')).toBe(false)
  })

  it('comes before events, status and progress, and those come after it', async () => {
    const world = await startLinkWorld({
      prepare: (port) => {
        port.setUploads(uploadReports(2_000))
        port.appendNotices(1)
      },
    })
    const session = await world.gateway.nextSession()
    await greet(session)
    await session.nextOf('snapshotUploads')
    world.port.appendNotices(1)
    world.port.setStatus({ projectEpoch: 4 })
    world.port.moveBytes({ rateBytesPerSecond: 5, uploads: [] })
    await session.nextOf('progress')
    const types = session.received.map((frame) => frame.type)
    const end = types.indexOf('snapshotEnd')
    expect(types.slice(0, end).filter((type) => !type.startsWith('snapshot'))).toEqual(['hello'])
    expect(types.slice(end + 1).sort()).toEqual(['events', 'progress', 'status'])
  })

  it('lets outcomes of commands pass, however long it is', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(5_000)) })
    const session = await world.gateway.nextSession()
    await greet(session)
    await session.nextOf('snapshotUploads')
    session.send({ type: 'cancelCommand', executionId: '00000000-0000-4000-8000-000000000001' })
    await session.nextOf('execution')
    expect(session.received.some((frame) => frame.type === 'snapshotEnd')).toBe(false)
  })

  it('is sent again when the gateway asks for it', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(3)) })
    const session = await world.online()
    session.send({ type: 'sendSnapshot' })
    expect(uploadIdsOf(await session.takeSnapshot())).toHaveLength(3)
  })

  it('that is asked for ten times while one is under way is sent once more after that one', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(3_000)) })
    const session = await world.gateway.nextSession()
    await greet(session)
    await session.nextOf('snapshotUploads')
    for (let count = 0; count < 10; count += 1) session.send({ type: 'sendSnapshot' })
    await session.takeSnapshot()
    expect(uploadIdsOf(await session.takeSnapshot())).toHaveLength(3_000)
    expect(await session.settle()).toEqual([])
  })

  it('tells uploads that were added behind and before the page by what comes after it', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(1_000)) })
    const session = await world.gateway.nextSession()
    await greet(session)
    await session.nextOf('snapshotUploads')
    // The event of an upload that came into being meanwhile has a later number than the snapshot names.
    world.port.appendNotices(1)
    const end = await session.nextOf('snapshotEnd')
    const events = await session.nextOf('events')
    expect(events.events[0]?.seq).toBeGreaterThan(end.lastSeq)
  })
})

describe('a gateway that reads slowly', () => {
  it('stops the snapshot, makes nothing pile up, and gets the newest values once it reads again', async () => {
    const uploadCount = 6_000
    const world = await startLinkWorld({
      prepare: (port) => port.setUploads(uploadReports(uploadCount, '/card/'.padEnd(4_096, 'x'))),
    })
    const session = await world.gateway.nextSession()
    await greet(session)
    await session.nextOf('snapshotBegin')
    session.pauseReading()

    const stalledAt = await untilStable(() => world.port.reads.uploads)
    expect(stalledAt).toBeLessThan(uploadCount / 15)
    for (let round = 1; round <= 1_000; round += 1) {
      world.port.setStatus({ projectEpoch: round })
      world.port.moveBytes({ rateBytesPerSecond: round, uploads: [] })
      world.port.appendNotices(1)
    }
    expect(await untilStable(() => world.port.reads.uploads)).toBe(stalledAt)
    expect(world.port.reads).toMatchObject({ events: 0, progress: 0 })

    session.resumeReading()
    expect(uploadIdsOf(await session.takeSnapshot())).toHaveLength(uploadCount)
    expect((await session.nextOf('progress')).rateBytesPerSecond).toBe(1_000)
    const statuses = session.received.filter((frame) => frame.type === 'status')
    expect(statuses.map(({ status }) => status.projectEpoch)).toEqual([1_000])
  })
})

/** The value once it has not changed for a good many turns of the event loop. */
async function untilStable(read: () => number): Promise<number> {
  let value = read()
  for (let unchanged = 0; unchanged < 300; unchanged += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    if (read() !== value) {
      value = read()
      unchanged = 0
    }
  }
  return value
}
