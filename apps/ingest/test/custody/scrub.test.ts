import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { type Actor, askScrub, type ScrubLane } from '@rushes/fleet'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createScrub } from '../../src/custody/scrub.ts'
import { createVerify } from '../../src/custody/verify.ts'
import { createDatabaseCall } from '../../src/database-call.ts'
import type { Metrics } from '../../src/metrics/metrics.ts'
import { someBytes, xxh64Of } from '../support/clips.ts'
import { clipsIn, memoryStore } from './stored-clips.ts'

const ana: Actor = { kind: 'person', id: 'ana', name: 'Ana' }
const dayMs = 86_400_000
/** Six parts of 8 bytes and one of 2. */
const bytes = someBytes(50, 7)

let database: TestDatabase
let clips: Awaited<ReturnType<typeof clipsIn>>
let memory: ReturnType<typeof memoryStore>
let now: Date
let log: Record<string, unknown>[]
let counted: { bytes: number; sound: number; restored: number; mismatch: number }
beforeEach(async () => {
  database = await createTestDatabase()
  clips = await clipsIn(database)
  memory = memoryStore()
  now = new Date('2026-11-22T12:00:00Z')
  log = []
  counted = { bytes: 0, sound: 0, restored: 0, mismatch: 0 }
})
afterEach(() => database.drop())

const timetable = (): ScrubLane => ({
  kind: 'timetable',
  dueBefore: new Date(now.getTime() - 30 * dayMs),
  storedBefore: now,
})
const noPace = async () => undefined

/** One instance of ingest, as far as scrubbing goes. */
function instance(signal = new AbortController().signal) {
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const call = createDatabaseCall({ db: database.db, clock: () => now, waitMs: 1_000, log: logger })
  // Renewed at every chunk, so that every save is seen.
  return createScrub({ call, store: memory.store, log: logger, signal, leaseMs: 0.001, metrics })
}

const metrics: Pick<Metrics, 'readAgain' | 'scrubbed'> = {
  readAgain(count) {
    counted.bytes += count
  },
  scrubbed(result) {
    counted[result] += 1
  },
}

async function stored(content: Uint8Array, known: 'device' | 'received' | 'nobody', over: { readAt?: Date } = {}) {
  const id = await clips.add(content, known, over)
  memory.objects.set(id, content)
  return id
}

const spoil = (id: string, at: number) => memory.objects.set(id, bytes.with(at, bytes[at] === 0 ? 1 : 0))
const errors = () => log.filter((line) => line.level === 50)

/** Reads everything that is due. */
async function scrubAll(lane: ScrubLane = timetable()): Promise<void> {
  const scrub = instance()
  while (await scrub(lane, noPace));
}

test('a clip is read once in its time: first those never read, then those read longest ago, none read lately', async () => {
  const lately = await stored(bytes, 'device', { readAt: new Date(now.getTime() - 29 * dayMs) })
  const longAgo = await stored(bytes, 'device', { readAt: new Date(now.getTime() - 90 * dayMs) })
  const earlier = await stored(bytes, 'device', { readAt: new Date(now.getTime() - 31 * dayMs) })
  const never = await stored(bytes, 'received')
  await scrubAll()
  expect(memory.reads).toEqual([never, longAgo, earlier])
  expect(await clips.found(never)).toMatchObject({ custody: 'sizeChecked', whole: xxh64Of(bytes), readAt: now })
  expect(await clips.found(longAgo)).toMatchObject({ custody: 'verified', whole: xxh64Of(bytes), readAt: now })
  expect((await clips.found(lately)).readAt).not.toEqual(now)
  expect(await clips.audits()).toEqual([])
})

describe('a stored clip that is no longer what it was', () => {
  test.each([
    ['changed, against the digests of its device', 'device', (id: string) => spoil(id, 17), 3, 'changed'],
    ['changed, against the digests at its arrival', 'received', (id: string) => spoil(id, 49), 7, 'changed'],
    ['was cut', 'device', (id: string) => memory.objects.set(id, bytes.subarray(0, 30)), 4, 'changed'],
    ['grew', 'device', (id: string) => memory.objects.set(id, Buffer.concat([bytes, bytes])), 7, 'changed'],
    ['is gone', 'device', (id: string) => memory.objects.delete(id), 1, 'gone'],
  ] as const)(
    'and %s is a mismatch with its first part, logged at error and in the audit',
    async (_, known, harm, part, because) => {
      const id = await stored(bytes, known)
      harm(id)
      await scrubAll()
      expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', part, because, readAt: now })
      expect(errors()).toMatchObject([{ assetId: id, part, because }])
      expect(await clips.audits()).toMatchObject([{ action: 'clip.custodyLost', after: { because, firstPart: part } }])
    },
  )

  test('and came back is sound again, as much as it was before', async () => {
    const told = await stored(bytes, 'device')
    const untold = await stored(bytes, 'received')
    for (const id of [told, untold]) spoil(id, 0)
    await scrubAll()
    now = new Date(now.getTime() + 31 * dayMs)
    for (const id of [told, untold]) memory.objects.set(id, bytes)
    await scrubAll()
    expect(await clips.found(told)).toMatchObject({ custody: 'verified', part: null, because: null })
    expect(await clips.found(untold)).toMatchObject({ custody: 'sizeChecked', part: null, because: null })
    expect((await clips.audits()).map(({ action }) => action)).toEqual([
      ...['clip.custodyLost', 'clip.custodyLost'],
      ...['clip.custodyRestored', 'clip.custodyRestored'],
    ])
  })

  test('is told once, however often it is read', async () => {
    const id = await stored(bytes, 'device')
    spoil(id, 0)
    await scrubAll()
    now = new Date(now.getTime() + 31 * dayMs)
    await scrubAll()
    expect(errors()).toHaveLength(1)
    expect(await clips.audits()).toHaveLength(1)
  })
})

test('what is read is counted in bytes, and each clip by what was found', async () => {
  const [sound, spoiled, gone] = [
    await stored(bytes, 'device'),
    await stored(bytes, 'device'),
    await stored(bytes, 'device'),
  ]
  spoil(spoiled, 3)
  memory.objects.delete(gone)
  await scrubAll()
  expect(counted).toEqual({ bytes: 2 * bytes.length, sound: 1, restored: 0, mismatch: 2 })
  now = new Date(now.getTime() + 31 * dayMs)
  for (const id of [sound, spoiled, gone]) memory.objects.set(id, bytes)
  await scrubAll()
  expect(counted).toEqual({ bytes: 5 * bytes.length, sound: 2, restored: 2, mismatch: 2 })
})

test('without any digest the first reading is the reference, which a later difference does not replace', async () => {
  const id = await stored(bytes, 'nobody')
  await scrubAll()
  expect(await clips.found(id)).toMatchObject({ custody: 'sizeChecked', whole: xxh64Of(bytes) })
  for (let time = 0; time < 2; time += 1) {
    now = new Date(now.getTime() + 31 * dayMs)
    spoil(id, 10)
    await scrubAll()
    expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', part: 2, whole: xxh64Of(bytes) })
  }
})

test('parts that are equal and a file that is not are no proof', async () => {
  const id = await stored(bytes, 'device')
  await database.pool.query("update assets set file_xxh64 = '0000000000000000' where id = $1", [id])
  await scrubAll()
  expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', part: 1, because: 'sentOtherwise' })
})

describe('a store', () => {
  test.each(['isAway', 'isUnmounted'] as const)(
    'that is away (%s) has no say: no clip is lost by it, and each is read when it is back',
    async (fault) => {
      const id = await stored(bytes, 'device')
      memory.faults[fault] = true
      for (let round = 0; round < 10; round += 1) {
        await scrubAll()
        now = new Date(now.getTime() + dayMs)
      }
      expect(await clips.found(id)).toMatchObject({ custody: 'verified', readAt: null })
      memory.faults[fault] = false
      await scrubAll()
      expect(await clips.found(id)).toMatchObject({ custody: 'verified', readAt: now })
    },
  )

  test('that answers, but cannot read a clip five times in a row, has lost it', async () => {
    const id = await stored(bytes, 'device')
    memory.faults.unreadableFrom = 20
    for (let round = 0; round < 4; round += 1) {
      await scrubAll()
      expect(await clips.found(id)).toMatchObject({ custody: 'verified' })
      now = new Date(now.getTime() + dayMs)
    }
    await scrubAll()
    expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', part: 3, because: 'unreadable' })
  })

  test('whose clip failed is left alone until its back-off has passed, while the others are read', async () => {
    const id = await stored(bytes, 'device')
    memory.faults.unreadableFrom = 0
    await scrubAll()
    memory.faults.unreadableFrom = Number.POSITIVE_INFINITY
    const other = await stored(bytes, 'device')
    await scrubAll()
    expect(await clips.found(id)).toMatchObject({ readAt: null })
    expect(await clips.found(other)).toMatchObject({ readAt: now })
  })
})

test('nor is a clip judged for the first time by a store that is not mounted', async () => {
  const id = await stored(bytes, 'device')
  await database.pool.query("update assets set custody = 'pending' where id = $1", [id])
  const logger = pino({ level: 'silent' })
  const call = createDatabaseCall({ db: database.db, clock: () => now, waitMs: 1_000, log: logger })
  const { signal } = new AbortController()
  const verify = createVerify({ call, store: memory.store, log: logger, signal, onDone: () => undefined })
  memory.faults.isUnmounted = true
  await expect(verify(id)).rejects.toThrow('EHOSTDOWN')
  expect(await clips.found(id)).toMatchObject({ custody: 'pending' })
  memory.faults.isUnmounted = false
  await verify(id)
  expect(await clips.found(id)).toMatchObject({ custody: 'verified', whole: xxh64Of(bytes) })
})

test('a clip that cannot be read for its first judgement, time after time, is named as such, and sound once it can be', async () => {
  const id = await stored(bytes, 'device')
  await database.pool.query("update assets set custody = 'pending' where id = $1", [id])
  const logger = pino({ level: 'silent' })
  const call = createDatabaseCall({ db: database.db, clock: () => now, waitMs: 1_000, log: logger })
  const { signal } = new AbortController()
  const verify = createVerify({ call, store: memory.store, log: logger, signal, onDone: () => undefined })
  memory.faults.isAway = true
  for (let attempt = 0; attempt < 20; attempt++) await expect(verify(id)).rejects.toThrow('EHOSTDOWN')
  memory.faults.isAway = false
  memory.faults.unreadableFrom = 16
  for (let attempt = 0; attempt < 7; attempt++) await expect(verify(id)).rejects.toThrow('EIO')
  expect(await clips.found(id)).toMatchObject({ custody: 'pending' })
  await verify(id)
  expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', because: 'unreadable', part: 3 })
  memory.faults.unreadableFrom = Number.POSITIVE_INFINITY
  now = new Date(now.getTime() + 31 * dayMs)
  await scrubAll()
  expect(await clips.found(id)).toMatchObject({ custody: 'verified', whole: xxh64Of(bytes) })
})

describe('a reading that is cut short', () => {
  /** Stops an instance while it reads the fourth part. */
  async function stopInTheFourth(): Promise<void> {
    const stopping = new AbortController()
    memory.onChunk((_, at) => {
      if (at === 24) stopping.abort()
    })
    const scrub = instance(stopping.signal)
    expect(await scrub(timetable(), noPace)).toBe(false)
    memory.onChunk(() => undefined)
  }
  const readSince = () => {
    const starts: number[] = []
    memory.onChunk((_, at) => void starts.push(at))
    return starts
  }

  test('goes on where it was, and remembers a difference that it had found', async () => {
    const id = await stored(bytes, 'device')
    await scrubAll()
    now = new Date(now.getTime() + 31 * dayMs)
    spoil(id, 9)
    await stopInTheFourth()
    memory.objects.set(id, bytes) // seen only by reading the second part again
    const starts = readSince()
    await scrubAll()
    expect(starts[0]).toBe(24)
    expect(await clips.found(id)).toMatchObject({ custody: 'mismatch', part: 2, because: 'changed' })
  })

  test('begins anew where the digest of the whole file is not known yet', async () => {
    const id = await stored(bytes, 'device')
    await stopInTheFourth()
    const starts = readSince()
    await scrubAll()
    expect(starts[0]).toBe(0)
    expect(await clips.found(id)).toMatchObject({ custody: 'verified', whole: xxh64Of(bytes) })
  })

  test('by a crash is taken up once its lease has run out', async () => {
    const id = await stored(bytes, 'device')
    await database.pool.query(
      'insert into scrubs (asset_id, lease_token, lease_until, begun_at) values ($1, gen_random_uuid(), $2, $3)',
      [id, new Date(now.getTime() + 60_000), now],
    )
    await scrubAll()
    expect(memory.reads).toEqual([])
    now = new Date(now.getTime() + 61_000)
    await scrubAll()
    expect(memory.reads).toEqual([id])
  })
})

test('several instances never read one clip at once, and read every one', async () => {
  const ids = await Promise.all(Array.from({ length: 24 }, () => stored(bytes, 'device')))
  const reading = new Set<string>()
  let overlaps = 0
  memory.onChunk(async (key, at) => {
    if (at === 0 && reading.has(key)) overlaps += 1
    reading.add(key)
    await new Promise(setImmediate)
    if (at >= 48) reading.delete(key)
  })
  const logger = pino({ level: 'silent' })
  const call = createDatabaseCall({ db: database.db, clock: () => now, waitMs: 1_000, log: logger })
  const { signal } = new AbortController()
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const scrub = createScrub({ call, store: memory.store, log: logger, signal, leaseMs: 60_000, metrics })
      while (await scrub(timetable(), noPace));
    }),
  )
  expect(overlaps).toBe(0)
  expect(memory.reads.toSorted()).toEqual(ids.toSorted())
})

test('what was found counts for nothing once somebody else has the clip, or it is in the trash', async () => {
  const id = await stored(bytes, 'device')
  spoil(id, 0)
  memory.onChunk(async (_, at) => {
    if (at === 48) await database.pool.query('update scrubs set lease_token = gen_random_uuid()')
  })
  await instance()(timetable(), noPace)
  expect(await clips.found(id)).toMatchObject({ custody: 'verified' })

  await database.pool.query('delete from scrubs')
  memory.onChunk(async (_, at) => {
    if (at === 48)
      await database.pool.query(
        `insert into clip_trash (asset_id, project_id, state, trashed_at, trashed_by_kind, trashed_by)
         values ($1, $2, 'trashed', now(), 'person', 'Ana')`,
        [id, clips.projectId],
      )
  })
  await instance()(timetable(), noPace)
  expect(await clips.found(id)).toMatchObject({ custody: 'verified' })
  memory.reads.length = 0
  await scrubAll()
  expect(memory.reads).toEqual([])
})

describe('what somebody asked for', () => {
  const ask = (what: { assetId: string } | { projectId: string }) =>
    askScrub({ db: database.db, now, actor: ana }, what)

  test('is read at once, whatever the timetable says, and then no more', async () => {
    const id = await stored(bytes, 'device', { readAt: now })
    expect(await ask({ assetId: id })).toEqual({ kind: 'asked', clipCount: 1 })
    expect(await ask({ assetId: id })).toEqual({ kind: 'asked', clipCount: 1 })
    now = new Date(now.getTime() + 1_000)
    await scrubAll({ kind: 'asked' })
    expect(memory.reads).toEqual([id])
    expect(await clips.found(id)).toMatchObject({ readAt: now })
    expect((await clips.audits())[0]).toMatchObject({ action: 'clip.checkAgain' })
  })

  test('of a project is every clip of it that can be read', async () => {
    const ids = [await stored(bytes, 'device', { readAt: now }), await stored(bytes, 'received', { readAt: now })]
    const pending = await stored(bytes, 'device')
    await database.pool.query("update assets set custody = 'pending' where id = $1", [pending])
    expect(await ask({ projectId: clips.projectId })).toEqual({ kind: 'asked', clipCount: 2 })
    await scrubAll({ kind: 'asked' })
    expect(memory.reads.toSorted()).toEqual(ids.toSorted())
    expect(await ask({ projectId: crypto.randomUUID() })).toEqual({ kind: 'projectUnknown' })
  })

  test('while it is being read is read once more after it', async () => {
    const id = await stored(bytes, 'device')
    let isAsked = false
    memory.onChunk(async (_, at) => {
      if (at < 24 || isAsked) return
      isAsked = true
      now = new Date(now.getTime() + 1_000)
      await ask({ assetId: id })
    })
    await instance()(timetable(), noPace)
    await scrubAll({ kind: 'asked' })
    expect(memory.reads).toEqual([id, id])
  })

  test('is refused for what cannot be read', async () => {
    expect(await ask({ assetId: crypto.randomUUID() })).toEqual({ kind: 'clipUnknown' })
    const id = await stored(bytes, 'device')
    await database.pool.query("update assets set custody = 'pending' where id = $1", [id])
    expect(await ask({ assetId: id })).toEqual({ kind: 'notReadable' })
  })
})
