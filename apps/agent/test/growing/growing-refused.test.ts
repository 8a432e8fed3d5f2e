import { describe, expect, onTestFinished, test } from 'vitest'
import { cancelUploads, retryUploads } from '../../src/queue/decisions.ts'
import { startOfTime } from '../queue/test-queue.ts'
import { bytesOf } from './growing-destination.ts'
import { type GrowingWorld, growBy, growingWorld, stateOf, tinyLimits } from './growing-world.ts'

type Refused = GrowingWorld['destination']['refuses']

function worldThatRefuses(...refuses: Refused): GrowingWorld {
  const world = growingWorld({ isOurs: true, extension: 'mov' })
  onTestFinished(() => world.end())
  world.destination.refuses = refuses
  return world
}

const rejected = { kind: 'failed', reason: 'rejectedByDestination' }

/** The file is at the destination, once, as one of known size, and nobody had to say so. */
function expectWhole(world: GrowingWorld): void {
  expect(stateOf(world)).toMatchObject([{ kind: 'uploaded', custody: 'owed' }])
  const complete = world.destination.complete()
  expect(complete.map((asset) => [asset.isRealtime, asset.bytes().equals(bytesOf(world.path))])).toEqual([
    [false, true],
  ])
  expect(world.destination.violations).toEqual([])
}

describe.for(['growingCreate', 'addresses'] as const)(
  'a recording whose destination refuses it while it grows (%s)',
  (refused) => {
    test('goes up whole by itself when it rests', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      expect(stateOf(world)).toMatchObject([rejected])
      world.rest()
      await world.finish()
      expectWhole(world)
    })

    test('goes up whole when the agent has started again meanwhile', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      world.crash()
      await growBy(world, 100)
      world.rest()
      await world.finish()
      expectWhole(world)
    })

    test('goes up whole when it comes to rest while the destination is asked', async () => {
      const world = worldThatRefuses(refused)
      let isAtRest = false
      world.destination.onCall = (call) => {
        if (isAtRest || (call === 'create') !== (refused === 'growingCreate')) return
        isAtRest = true
        world.rest()
      }
      world.append(50)
      world.see()
      world.append(400)
      world.see()
      await world.register('none')
      await world.grow('none')
      expect(isAtRest).toBe(true)
      await world.finish()
      expectWhole(world)
    })

    test('has failed for good when the whole file is refused too, and is asked for once', async () => {
      const world = worldThatRefuses(refused, 'wholeCreate')
      await growBy(world, 600)
      const before = world.destination.refusedCreates
      world.rest()
      await world.finish()
      expect(stateOf(world)).toMatchObject([rejected])
      world.rest()
      world.crash()
      world.rest()
      await world.finish()
      expect(stateOf(world)).toMatchObject([rejected])
      expect(world.destination.refusedCreates).toBe(before + 1)
    })

    test('stays out of the queue when somebody has cancelled it', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      cancelUploads(
        world.queue,
        world.uploads().map(({ id }) => id),
        'cancelledByOperator',
      )
      world.rest()
      await world.finish()
      expect(stateOf(world)).toMatchObject([{ kind: 'cancelled' }])
      expect(world.destination.complete()).toEqual([])
    })

    test('goes up whole when a retry while it grew was refused too', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      retryUploads(world.queue, null)
      await growBy(world, 100)
      expect(stateOf(world)).toMatchObject([rejected])
      world.rest()
      await world.finish()
      expectWhole(world)
    })

    test('is held when it turns out, at rest, to have been captured before the pairing', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      world.began({ toldAt: startOfTime - 1_800_000 })
      world.rest()
      await world.finish()
      expect(stateOf(world)).toMatchObject([{ kind: 'held', reason: 'capturedBeforePairing' }])
      expect(world.destination.complete()).toEqual([])
    })

    test('is blocked when it was captured in a pause', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      world.destination.pauses.push({ fromMs: startOfTime - 60_000, toMs: startOfTime + 60_000 })
      world.rest()
      await world.finish()
      expect(stateOf(world)).toMatchObject([{ kind: 'blocked' }])
      expect(world.destination.complete()).toEqual([])
    })

    test('is not sent to the project that the device was moved to', async () => {
      const world = worldThatRefuses(refused)
      await growBy(world, 600)
      world.move('project-b')
      world.rest()
      await world.finish()
      expect(world.destination.complete()).toEqual([])
      expect(stateOf(world).map(({ kind }) => kind)).toEqual(['cleared', 'held'])
    })
  },
)

test.for(['while it grows', 'at its end'])(
  'a recording that becomes larger than any asset %s is refused for that',
  async (when) => {
    const world = worldThatRefuses()
    await growBy(world, 600)
    expect(stateOf(world)).toMatchObject([{ kind: 'uploading' }])
    world.append(tinyLimits.maxFileSizeBytes)
    if (when === 'while it grows') world.see()
    else world.rest()
    await world.grow('none')
    expect(stateOf(world)).toEqual([{ kind: 'refused', reason: 'tooLarge' }])
    world.append(50)
    world.see()
    world.rest()
    await world.finish()
    expect(world.uploads()).toMatchObject([
      { state: { kind: 'refused', reason: 'tooLarge' }, sizeBytes: bytesOf(world.path).byteLength },
    ])
    expect(world.destination.complete()).toEqual([])
  },
)

test('the next take under the name of one that was too large goes up', async () => {
  const world = worldThatRefuses()
  await growBy(world, 600)
  world.append(tinyLimits.maxFileSizeBytes)
  world.rest()
  await world.grow('none')
  world.clock.now += 60_000
  world.replace(80)
  world.see()
  world.rest()
  await world.finish()
  expect(stateOf(world).map(({ kind }) => kind)).toEqual(['refused', 'uploaded'])
  expect(world.destination.complete().map((asset) => asset.bytes().equals(bytesOf(world.path)))).toEqual([true])
})
