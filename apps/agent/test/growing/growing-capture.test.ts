import { expect, onTestFinished, test } from 'vitest'
import { unblockUpload } from '../../src/queue/decisions.ts'
import { startOfTime } from '../queue/test-queue.ts'
import { bytesOf } from './growing-destination.ts'
import { type GrowingWorld, growBy, growingWorld, stateOf } from './growing-world.ts'

const minute = 60_000

function worldOf(): GrowingWorld {
  const world = growingWorld({ isOurs: true, extension: 'mov' })
  onTestFinished(() => world.end())
  return world
}

async function end(world: GrowingWorld): Promise<void> {
  world.rest()
  await world.finish()
}

test('a recording that ran before the device was paired, when the agent came, is held and not sent while it grows', async () => {
  const world = worldOf()
  world.began({
    seenAt: startOfTime,
    sawBegin: false,
    bornAt: startOfTime - 30 * minute,
    toldAt: startOfTime - 30 * minute,
  })
  await growBy(world, 400)
  expect(world.destination.assets).toEqual([])
  await end(world)
  expect(stateOf(world)).toMatchObject([{ kind: 'held', reason: 'capturedBeforePairing' }])
  expect(world.destination.assets).toEqual([])
})

test('a recording that began in a pause while the agent was down is created with its true time, and blocked', async () => {
  const world = worldOf()
  world.clock.now = startOfTime + 35 * minute
  world.destination.pauses.push({ fromMs: startOfTime, toMs: startOfTime + 30 * minute })
  world.began({
    seenAt: world.clock.now,
    sawBegin: false,
    bornAt: startOfTime + 10 * minute,
    toldAt: startOfTime + 10 * minute,
  })
  await growBy(world, 400)
  expect(stateOf(world)).toMatchObject([{ kind: 'blocked' }])
  await end(world)
  expect(stateOf(world)).toMatchObject([{ kind: 'blocked' }])
  expect(world.destination.assets).toEqual([])
})

test.for([
  ['the file system does not tell', null],
  ['the clock was set back since', startOfTime + 40 * minute],
] as const)('a recording of which nobody knows when it began, since %s, goes up when it rests', async ([, bornAt]) => {
  const world = worldOf()
  world.clock.now = startOfTime + 35 * minute
  world.began({ seenAt: world.clock.now, sawBegin: false, bornAt, toldAt: startOfTime + 32 * minute })
  await growBy(world, 400)
  expect(world.destination.assets).toEqual([])
  await end(world)
  expect(world.destination.complete().map((asset) => asset.isRealtime)).toEqual([false])
})

test('a recording that the agent saw begin goes on in real time when the agent starts again', async () => {
  const world = worldOf()
  await growBy(world, 100)
  world.crash()
  world.began({ seenAt: startOfTime + minute, sawBegin: false, bornAt: startOfTime })
  await growBy(world, 400)
  expect(world.destination.assets.map((asset) => asset.isRealtime)).toEqual([true])
})

test('a clip that was captured in a pause and copied into the folder is not completed when its time comes to light', async () => {
  const world = worldOf()
  world.clock.now = startOfTime + 60 * minute
  world.destination.pauses.push({ fromMs: startOfTime + 20 * minute, toMs: startOfTime + 30 * minute })
  world.began({ seenAt: world.clock.now })
  await growBy(world, 400)
  expect(world.destination.assets).toHaveLength(1)
  // The copy is whole and gets the time of its original.
  world.began({ toldAt: startOfTime + 25 * minute })
  await end(world)
  expect(world.destination.complete()).toEqual([])
  expect(stateOf(world)).toMatchObject([{ kind: 'blocked' }])
})

test('a clip that was captured before the pairing and copied into the folder is held, whole, and goes up when it is released', async () => {
  const world = worldOf()
  await growBy(world, 400)
  world.began({ toldAt: startOfTime - 30 * minute })
  await end(world)
  expect(stateOf(world)).toMatchObject([{ kind: 'held', reason: 'capturedBeforePairing' }])
  expect(world.destination.complete()).toEqual([])
})

test('a clip that is blocked while it grows is offered again as it is at its end', async () => {
  const world = worldOf()
  world.destination.pauses.push({ fromMs: startOfTime, toMs: startOfTime + minute })
  await growBy(world, 400)
  const [blocked] = world.uploads()
  expect(blocked?.state.kind).toBe('blocked')
  world.append(300)
  world.see()
  world.rest()
  world.destination.pauses.length = 0
  unblockUpload(world.queue, blocked?.id ?? '', 'the client has agreed')
  await world.finish()
  expect(world.destination.complete().map((asset) => asset.bytes().equals(bytesOf(world.path)))).toEqual([true])
})

test.for([
  ['began before', { seenAt: startOfTime + 2 * minute, sawBegin: false, bornAt: startOfTime, toldAt: startOfTime }],
  ['is of a time to come', { seenAt: startOfTime + 2 * minute, sawBegin: false, toldAt: startOfTime + 90 * minute }],
] as const)(
  'after the queue was rebuilt a recording that %s is held, and is not sent while it grows',
  async ([, began]) => {
    const world = worldOf()
    world.clock.now = startOfTime + 2 * minute
    world.queue.sql('UPDATE unit SET rebuilt_at = ?').run(startOfTime + minute)
    world.began(began)
    await growBy(world, 400)
    await end(world)
    expect(stateOf(world)).toMatchObject([{ kind: 'held', reason: 'queueRebuilt' }])
    expect(world.destination.assets).toEqual([])
  },
)
