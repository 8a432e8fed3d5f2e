import { freshSeed } from '@rushes/test-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { partsOf } from '../../src/queue/clip-reports.ts'
import { cancelUploads, retryUploads } from '../../src/queue/decisions.ts'
import { bytesOf, type Mishap } from './growing-destination.ts'
import { type GrowingWorld, growingWorld } from './growing-world.ts'

function worldOf(options: { isOurs: boolean; extension: string }): GrowingWorld {
  const world = growingWorld(options)
  onTestFinished(() => world.end())
  return world
}

/** Records, and lets all of it that can go up go up. */
async function growTo(world: GrowingWorld, sizeBytes: number, stepBytes = 50): Promise<void> {
  for (let size = 0; size < sizeBytes; size += stepBytes) {
    world.append(stepBytes)
    world.see()
    await world.register('none')
    await world.grow('none')
    for (let sends = 0; sends < 5; sends++) await world.send('none')
  }
}

/** The file is at the destination, byte for byte, in the newest whole asset. */
function expectHome(world: GrowingWorld, versions = 1): void {
  const complete = world.destination.complete()
  expect(complete).toHaveLength(versions)
  expect(complete.at(-1)?.bytes().equals(bytesOf(world.path))).toBe(true)
  expect(world.destination.violations).toEqual([])
}
const states = (world: GrowingWorld) =>
  world.uploads().map(({ state }) => (state.kind === 'uploaded' ? `uploaded, custody ${state.custody}` : state.kind))

const cancelAll = (world: GrowingWorld) => cancelUploads(world.queue, null, 'cancelledOnDevice')
const retryAll = (world: GrowingWorld) =>
  retryUploads(
    world.queue,
    world.uploads().map(({ id }) => id),
  )

describe.for([true, false])('a growing file, towards %s ingest of ours,', (isOurs) => {
  const owed = isOurs ? 'uploaded, custody owed' : 'uploaded, custody none'

  test('is whole when its head was rewritten, without a part sent twice', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    expect(world.destination.assets[0]?.parts.get(1)?.received ?? null).toBeNull()
    world.rewrite(0, 60)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(states(world)).toEqual([owed])
    expect(world.destination.assets).toHaveLength(1)
  })

  test('sends a rewritten part again under its number before the final one, where its format is rewritten anywhere', async () => {
    const world = worldOf({ isOurs, extension: 'unknown' })
    await growTo(world, 600)
    world.rewrite(150, 1)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
  })

  test('goes up once more, whole, when it was rewritten where nobody expects it, and is owed no custody before', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.rewrite(150, 1)
    world.rest()
    for (let step = 0; step < 30; step++) {
      await world.grow('none')
      await world.send('none')
    }
    expect(states(world)).toEqual(['uploaded, custody none'])
    await world.finish()
    expectHome(world, 2)
    expect(states(world)).toEqual([owed])
    expect(world.destination.versions).toEqual([null, 'asset-1'])
  })

  test('whose new head was put before it sends no other part again', async () => {
    const world = worldOf({ isOurs, extension: 'mp4' })
    await growTo(world, 600)
    const [arrived] = world.destination.assets.map(({ parts }) => [...parts.values()].filter((part) => part.received))
    expect(arrived?.length).toBeGreaterThan(2)
    world.prepend(77)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
    expect(states(world)).toEqual([owed])
  })

  test('whose new head a destination does not take goes up once more, whole, but only the first time in its folder', async () => {
    const world = worldOf({ isOurs, extension: 'mp4' })
    world.destination.refusesOtherSizes = true
    await growTo(world, 600)
    world.prepend(77)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(2)
    world.replace(50)
    world.see()
    await growTo(world, 600)
    world.prepend(91)
    world.rest()
    await world.finish()
    expectHome(world, 2)
    expect(world.destination.assets).toHaveLength(3)
  })

  test('begins anew when another take takes its name, and nothing of the first is in the second', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.replace(100)
    world.see()
    await growTo(world, 500)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(states(world)).toEqual([owed])
  })

  test('that takes the name of one that is home goes up while it grows', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.rest()
    await world.finish()
    world.replace(50)
    world.see()
    await growTo(world, 600)
    expect(world.destination.assets.map((asset) => [asset.isRealtime, asset.isComplete])).toEqual([
      [true, true],
      [true, false],
    ])
    world.rest()
    await world.finish()
    expectHome(world, 2)
    expect(world.destination.versions).toEqual([null, null])
    expect(states(world)).toEqual([owed, owed])
  })

  test('that is only written to once more gets no second clip before it has come to rest', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.rest()
    await world.finish()
    world.began({ seenAt: world.clock.now, sawBegin: false })
    await growTo(world, 200)
    expect(world.uploads()).toHaveLength(1)
  })

  test('that is seen to begin under another name is the same take, since it was born before', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.pass()
    world.began({ seenAt: world.clock.now })
    await growTo(world, 200)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
  })

  test('is not ended by a pause of its recorder when it is written again before its final part has gone', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 400)
    world.rest()
    await world.grow('none')
    await growTo(world, 400)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
  })

  test('is not cut any further while the disk is full, and is whole when there is room again', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 400)
    const stored = () => world.queue.sql('SELECT count(*) AS parts FROM parts').get()?.parts
    const before = stored()
    world.queue.diskFull = true
    await growTo(world, 400)
    world.rest()
    await world.grow('none')
    expect(stored()).toBe(before)
    world.queue.diskFull = false
    await world.finish()
    expectHome(world)
  })

  test('that cannot be read when it is compared says so, is tried thirty times, and is whole after a retry', async () => {
    const world = worldOf({ isOurs, extension: 'unknown' })
    await growTo(world, 600)
    world.damage(true)
    world.rest()
    await world.grow('none')
    expect(world.uploads()[0]).toMatchObject({ error: { class: 'file', code: 'EIO' } })
    let tries = 1
    for (; world.uploads()[0]?.state.kind !== 'waiting' || tries < 30; tries++) {
      expect(tries).toBeLessThan(31)
      world.pass()
      await world.grow('none')
    }
    expect(world.uploads()[0]?.state).toMatchObject({ kind: 'waiting', reason: 'awaitingRestart' })
    world.damage(false)
    retryAll(world)
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
  })

  test('keeps of each part, and of itself, which addresses were dead', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    world.append(600)
    world.see()
    world.append(1)
    world.see()
    await world.register('none')
    await world.grow('none')
    const id = world.uploads()[0]?.id ?? ''
    const expected = { class: 'destination', code: 'AccessDenied', message: expect.stringContaining('has expired') }
    for (let times = 1; times <= 9; times++) {
      await world.send('expired')
      expect(partsOf(world.queue, id)[1]).toMatchObject({
        attempts: times,
        error: { ...expected, at: world.clock.now },
      })
      expect(world.uploads()).toMatchObject([{ state: { kind: 'uploading' }, error: expected }])
      world.pass()
      await world.grow('none')
    }
    world.rest()
    await world.finish()
    expectHome(world)
    expect(partsOf(world.queue, id)[1]).toMatchObject({ state: 'acknowledged', error: expected })
    expect(world.uploads()).toMatchObject([{ error: null }])
  })

  test('keeps of a part that it was written to while that was read', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 200)
    world.append(400)
    world.rest()
    await world.grow('none')
    world.append(90)
    await world.send('none')
    const errors = partsOf(world.queue, world.uploads()[0]?.id ?? '').flatMap(({ error }) => error ?? [])
    expect(errors).toMatchObject([{ class: 'file', code: 'SOURCE_CHANGED' }])
    world.see()
    world.rest()
    await world.finish()
    expectHome(world)
  })

  test('whose reading kills the process each time is not read for ever, and is whole after a retry', async () => {
    const world = worldOf({ isOurs, extension: 'unknown' })
    await growTo(world, 600)
    world.rest()
    const attempts = () => world.queue.sql('SELECT attempts FROM growths').get()?.attempts
    await world.dieReading()
    expect(attempts()).toBe(1)
    for (let times = 1; times < 31; times++) await world.dieReading()
    expect(attempts()).toBe(31)
    await world.dieReading()
    expect(world.uploads()[0]).toMatchObject({
      state: { kind: 'failed', reason: 'attemptsExhausted' },
      error: { class: 'agent', code: 'READER_LOST' },
    })
    retryAll(world)
    await world.finish()
    expectHome(world)
    expect(world.destination.assets).toHaveLength(1)
  })

  test('counts each reading of it while that lasts, and has none counted when it is whole', async () => {
    const world = worldOf({ isOurs, extension: 'mp4' })
    world.queue.sql('CREATE TEMP TABLE counted (phase TEXT)').run()
    world.queue
      .sql(
        `CREATE TEMP TRIGGER counts AFTER UPDATE OF attempts ON main.growths WHEN NEW.attempts > OLD.attempts
          BEGIN INSERT INTO counted VALUES (NEW.phase || CASE WHEN NEW.probe IS NULL THEN '' ELSE ', probed' END); END`,
      )
      .run()
    const counted = () => world.queue.sql('SELECT phase, count(*) AS times FROM counted GROUP BY phase').all()
    await growTo(world, 600)
    // Its probe was read once; all others are calls for addresses.
    expect(counted()).toContainEqual({ phase: 'open', times: 1 })
    world.rest()
    await world.grow('none')
    // Found where its parts lie, compared, and asked for its last address.
    expect(counted()).toContainEqual({ phase: 'complete, probed', times: 3 })
    expect(world.queue.sql('SELECT attempts FROM growths').get()?.attempts).toBe(0)
  })

  test.for(['as soon as it rests', 'before', 'while it is compared'])(
    'that is written to once more after its final part has gone goes up whole, as the newer version, when it is compared %s',
    async (when) => {
      const world = worldOf({ isOurs, extension: 'mov' })
      await growTo(world, 600)
      world.rest()
      for (let step = 0; step < 30; step++) {
        await world.grow('none')
        await world.send('none')
      }
      expect(states(world)).toEqual(['uploaded, custody none'])
      world.append(90)
      world.see()
      if (when === 'before') await world.check()
      if (when === 'while it is compared') await Promise.all([world.check(), world.rest()])
      else world.rest()
      await world.finish()
      expectHome(world, 2)
      expect(states(world)).toEqual([owed])
      expect(world.destination.versions).toEqual([null, 'asset-1'])
    },
  )

  test('that ends before enough of it was there is an upload of known size', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 100)
    world.rest()
    await world.finish()
    expectHome(world)
    expect(world.destination.assets[0]?.isRealtime).toBe(false)
  })

  test('that was cancelled and then overwritten by another take is sent, as it is, when it is retried', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    cancelAll(world)
    world.replace(500)
    world.see()
    world.rest()
    retryAll(world)
    await world.finish()
    const whole = world.destination.complete().map((asset) => asset.bytes().equals(bytesOf(world.path)))
    expect(whole).not.toEqual([])
    expect(whole.every((isTheFile) => isTheFile)).toBe(true)
    expect(world.destination.violations).toEqual([])
  })

  test('is held and sends nothing to the project that the device is moved to while it grows', async () => {
    const world = worldOf({ isOurs, extension: 'mov' })
    await growTo(world, 600)
    world.move('project-b')
    await growTo(world, 200)
    world.rest()
    await world.finish()
    expect(world.destination.complete()).toEqual([])
    expect(world.destination.violations).toEqual([])
    expect(states(world)).toEqual(['cleared', 'held'])
  })
})

type Random = () => number
/** Small, and the same everywhere: mulberry32. */
function randomOf(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const extensions = ['mov', 'mp4', 'mxf', 'unknown']
const mishaps: Mishap[] = ['none', 'none', 'none', 'loseReply', 'drop', 'crash', 'crashBefore', 'expired']

/** Everything in any order; then the recorder finishes, nothing more goes wrong, and the file must be home. */
async function interleave(seed: number): Promise<void> {
  const random = randomOf(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const world = growingWorld({ isOurs: random() < 0.5, extension: pick(extensions) })
  let shown = { id: '', acknowledged: 0 }
  const steps: (() => unknown)[] = [
    ...Array.from({ length: 4 }, () => () => world.append(1 + Math.floor(random() * 120))),
    ...Array.from({ length: 4 }, () => () => world.see()),
    () => world.rewrite(Math.floor(random() * 800), 1 + Math.floor(random() * 30)),
    () => world.rewrite(0, 40),
    ...Array.from({ length: 2 }, () => () => world.register(pick(mishaps))),
    ...Array.from({ length: 4 }, () => () => world.grow(pick(mishaps))),
    ...Array.from({ length: 7 }, () => () => world.send(pick(mishaps))),
    () => world.check(),
    () => random() < 0.4 && world.crash(),
    () => random() < 0.3 && world.rest(),
    () => {
      if (random() >= 0.1) return
      world.replace(50 + Math.floor(random() * 300))
      world.see()
    },
  ]
  try {
    world.append(40)
    for (let count = 0; count < 90; count++) {
      await pick(steps)()
      for (const { state, sizeBytes, bytesAcknowledged } of world.uploads()) {
        expect(bytesAcknowledged).toBeLessThanOrEqual(sizeBytes)
        if (state.kind !== 'uploading') continue
        // What a person is shown of one asset never goes back.
        if (state.asset.assetId === shown.id) expect(bytesAcknowledged).toBeGreaterThanOrEqual(shown.acknowledged)
        shown = { id: state.asset.assetId, acknowledged: bytesAcknowledged }
      }
    }
    if (random() < 0.3) world.prepend(1 + Math.floor(random() * 90))
    if (random() < 0.5) world.rewrite(0, 30)
    world.see()
    world.rest()
    await world.finish()
    // Of a file of known size that was changed under its upload a person has to say what is to come of it.
    retryUploads(world.queue, null)
    await world.finish()
    const whole = world.destination.complete().filter((asset) => asset.bytes().equals(bytesOf(world.path)))
    expect(whole).toHaveLength(1)
    expect(world.destination.violations).toEqual([])
  } finally {
    world.end()
  }
}

test('crashes, lost replies, dead addresses, rewrites and new takes in any order end with the file whole, once', async () => {
  for (const seed of [...Array.from({ length: 25 }, (_, index) => index + 1), freshSeed()]) {
    try {
      await interleave(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

/** A person changes their mind while the recorder goes on, or somebody else writes to the file. */
async function interleaveDecisions(seed: number): Promise<void> {
  const random = randomOf(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T
  const world = growingWorld({ isOurs: random() < 0.5, extension: pick(extensions) })
  const log: string[] = []
  const steps: [string, () => unknown][] = [
    ['append', () => world.append(1 + Math.floor(random() * 200))],
    ['see', () => world.see()],
    ['see', () => world.see()],
    ['register', () => world.register('none')],
    ['grow', () => world.grow('none')],
    ['grow', () => world.grow('none')],
    ['send', () => world.send('none')],
    ['send', () => world.send('none')],
    ['check', () => world.check()],
    ['rest', () => world.rest()],
    ['cancel', () => cancelAll(world)],
    ['retry', () => retryAll(world)],
    ['rewrite', () => world.rewrite(Math.floor(random() * 300), 20)],
    ['replace', () => world.replace(50 + Math.floor(random() * 500))],
    ['crash', () => world.crash()],
  ]
  try {
    world.append(40)
    world.see()
    for (let count = 0; count < 60; count++) {
      const [name, step] = pick(steps)
      log.push(name)
      await step()
    }
    world.see()
    world.rest()
    // The second time those whose file had turned out to be another one take it as it is.
    for (let time = 0; time < 3; time++) {
      retryAll(world)
      await world.finish()
    }
    const whole = world.destination.complete().filter((asset) => asset.bytes().equals(bytesOf(world.path)))
    expect(whole.length).toBeGreaterThan(0)
    expect(world.destination.violations).toEqual([])
  } catch (error) {
    throw new Error(log.join(' '), { cause: error })
  } finally {
    world.end()
  }
}

test('what was cancelled and overwritten, at whatever moment, can always be sent by a retry', async () => {
  for (const seed of [...Array.from({ length: 20 }, (_, index) => index + 1), freshSeed()]) {
    try {
      await interleaveDecisions(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})
