import { assetParts, assets, type Database, devices } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beginAssemblies } from '../../src/assets/begin-assemblies.ts'
import { completeAssemblies } from '../../src/assets/complete-assemblies.ts'
import { type CreateAssetInput, createAssets } from '../../src/assets/create.ts'
import { reserveStoreKeys } from '../../src/assets/reserve-store-keys.ts'
import { busy } from '../../src/context.ts'
import { pauseSharing } from '../../src/devices/pause-sharing.ts'
import { seed } from '../reads/seed.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let db: Database
let projectId: string
let deviceId: string
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.db
  projectId = await insertProject(db)
  deviceId = await insertDevice(db, projectId)
})
afterAll(() => database.drop())

const now = new Date('2026-11-22T09:00:00Z')
const clocked = () => ({ db, now })
const atOnce = () => ({ ...clocked(), wait: false })
const stays = (assetId: string) => ({ assetId, placeFor: () => null })
const readable = (assetId: string) => ({ assetId, isReadable: true })
const waiting = () => ({ ...clocked(), wait: true })
const asset = (over: Partial<typeof assets.$inferInsert>) => seed(db).asset(deviceId, projectId, over)
const part = (id: string, number: number, over: Partial<typeof assetParts.$inferInsert> = {}) =>
  seed(db).part(id, number, { sizeBytes: 500, ...over })

/** While somebody holds a row of another transaction. */
const whileHeld = <T>(table: typeof assets | typeof devices, id: string, work: () => Promise<T>) =>
  db.transaction(async (tx) => {
    await tx.select({ id: table.id }).from(table).where(eq(table.id, id)).for('update')
    return work()
  })

describe('creating', () => {
  let nth = 0
  const create = (change: Partial<CreateAssetInput> = {}): CreateAssetInput => ({
    deviceId,
    projectEpoch: 1,
    request: { name: 'A001.mov', filetype: 'video/quicktime', filesize: 12_000_001, parts: 2, offset: 0 },
    encoding: 'json',
    idempotencyKey: `key ${++nth}`,
    arrivedAt: now,
    roomBytes: null,
    storeKeyFor: (id) => `gathering/${id}`,
    ...change,
  })

  test('each clip has its own outcome, in the order asked for', async () => {
    const paused = await insertDevice(db, projectId, 'Paused')
    await pauseSharing({ ...clocked(), actor: ana }, { deviceId: paused })
    const other = await insertDevice(db, projectId, 'Other')
    const outcomes = await createAssets(atOnce(), [
      create(),
      create({ request: { name: 'A002.mov' } }),
      create({ deviceId: paused }),
      create({ deviceId: other, projectEpoch: 7 }),
      create({ roomBytes: 12_000_000 }),
      create({ deviceId: other, request: { extension: '.mov', filetype: 'video/mp4', is_realtime_upload: true } }),
    ])
    expect(outcomes).toMatchObject([
      { kind: 'created', asset: { deviceId, filesizeBytes: 12_000_001 }, replayed: false },
      { kind: 'malformed' },
      { kind: 'channelPaused' },
      { kind: 'projectChanged' },
      { kind: 'noRoom' },
      { kind: 'created', asset: { deviceId: other, uploadKind: 'realtime', name: '[new file].mov' }, parts: [] },
    ])
    const [first] = outcomes
    if (typeof first !== 'object' || first.kind !== 'created') throw new Error('it was created')
    const rows = await db
      .select()
      .from(assetParts)
      .where(eq(assetParts.assetId, first.asset.id))
      .orderBy(asc(assetParts.number))
    expect(rows).toMatchObject([
      { number: 1, sizeBytes: 6_000_001, offsetBytes: 0, isFinal: false, generation: 1, acknowledgedAt: null },
      { number: 2, sizeBytes: 6_000_000, offsetBytes: 6_000_001, isFinal: true, generation: 1, acknowledgedAt: null },
    ])
    expect(first.parts).toEqual(rows.map(({ number, generation, sizeBytes }) => ({ number, generation, sizeBytes })))
    const [stored] = await db.select().from(assets).where(eq(assets.id, first.asset.id))
    expect(stored).toMatchObject({ ...first.asset, state: 'created', custody: 'no', nameIsDefault: false })
  })

  test('of two with one key the second waits, and then is the first', async () => {
    const once = create()
    const outcomes = await createAssets(atOnce(), [once, { ...once }])
    expect(outcomes).toMatchObject([{ kind: 'created', replayed: false }, busy])
    const [again] = await createAssets(waiting(), [once])
    expect(again).toMatchObject({ kind: 'created', replayed: true })
    expect([again]).toMatchObject([
      { asset: { id: Object(outcomes[0]).asset.id }, parts: [{ number: 1 }, { number: 2 }] },
    ])
  })

  test('clips of a device that somebody is changing are left out, and the others do not wait for it', async () => {
    const held = await insertDevice(db, projectId, 'Held')
    const outcomes = await whileHeld(devices, held, () =>
      createAssets(atOnce(), [create({ deviceId: held }), create()]),
    )
    expect(outcomes).toMatchObject([busy, { kind: 'created' }])
  })

  test('a clip whose name, type and key hold everything that JSON and SQL know is kept as it is', async () => {
    const name = `"'\\ {};--$1 %s \u2028 😀 ${'x'.repeat(300)}.mov`
    const [outcome] = await createAssets(waiting(), [
      create({
        request: { name, filetype: "video/mp4; codecs='a\"b\\'", filesize: 5, offset: -1.5 },
        idempotencyKey: name,
      }),
    ])
    expect(outcome).toMatchObject({ kind: 'created', asset: { name, capturedAt: now } })
    const [row] = await db
      .select()
      .from(assets)
      .where(eq(assets.idempotencyKey, `1:${name}`))
    expect(row).toMatchObject({ name, filetype: "video/mp4; codecs='a\"b\\'", offsetSeconds: -1.5, createdAt: now })
  })
})

describe('beginning assemblies', () => {
  test('each clip has its own outcome, its parts in order and placed one after the other', async () => {
    const whole = await asset({ state: 'created' })
    await part(whole, 7, { isFinal: true, sizeBytes: 40, offsetBytes: 60, acknowledgedAt: now })
    await part(whole, 2, { sizeBytes: 60, acknowledgedAt: now, receivedXxh64: 'ab', liesApart: true })
    const missing = await asset({ state: 'created' })
    await part(missing, 1)
    await part(missing, 2, { isFinal: true, acknowledgedAt: now })
    const over = await asset({ state: 'available' })
    const unknown = crypto.randomUUID()
    expect(await beginAssemblies(atOnce(), [over, whole, missing, unknown].map(stays))).toMatchObject([
      { kind: 'over' },
      {
        kind: 'begun',
        asset: {
          id: whole,
          sizeBytes: 100,
          lastPartAt: now,
          parts: [
            { number: 2, offsetBytes: 0, sizeBytes: 60, liesAtBytes: null, apartXxh64: 'ab' },
            { number: 7, offsetBytes: 60, sizeBytes: 40, liesAtBytes: 60, apartXxh64: null },
          ],
        },
      },
      { kind: 'notWhole' },
      busy,
    ])
    expect(await beginAssemblies(waiting(), [stays(unknown)])).toEqual([{ kind: 'over' }])
    const [row] = await db.select().from(assets).where(eq(assets.id, whole))
    expect(row).toMatchObject({ state: 'assembling', filesizeBytes: 100 })
  })

  test('each clip has its place with that, unless another one has it or wants it too, and keeps one that it had', async () => {
    const isIn = async (id: string) => part(id, 1, { isFinal: true, acknowledgedAt: now })
    await asset({ state: 'available', storeKey: 'tree/taken.mov' })
    const [late, one, two] = [
      await asset({ state: 'created', storeKey: 'gathering/late' }),
      await asset({ state: 'created', storeKey: 'gathering/one' }),
      await asset({ state: 'created', storeKey: 'gathering/two' }),
    ]
    for (const id of [late, one, two]) await isIn(id)
    const crashed = await asset({ state: 'assembling', storeKey: 'tree/had.mov' })
    await isIn(crashed)
    const wants = (assetId: string, place: string) => ({ assetId, placeFor: () => place })
    const outcomes = await beginAssemblies(atOnce(), [
      wants(late, 'tree/taken.mov'),
      wants(one, 'tree/new.mov'),
      wants(two, 'tree/new.mov'),
      wants(crashed, 'tree/other.mov'),
    ])
    const keys = outcomes.map((outcome) =>
      outcome !== busy && outcome.kind === 'begun' ? outcome.asset.storeKey : null,
    )
    expect([keys[0], keys[3]]).toEqual(['gathering/late', 'tree/had.mov'])
    expect(keys.slice(1, 3).toSorted()).toEqual([expect.stringMatching(/^gathering\/(one|two)$/), 'tree/new.mov'])
  })

  test('a clip that somebody is changing is left out', async () => {
    const held = await asset({ state: 'assembling' })
    const free = await asset({ state: 'assembling' })
    const outcomes = await whileHeld(assets, held, () => beginAssemblies(atOnce(), [held, free].map(stays)))
    expect(outcomes).toMatchObject([busy, { kind: 'begun' }])
  })
})

describe('reserving places', () => {
  test('of two that want one place, one has it; a place that is taken stays with its clip', async () => {
    const [one, two, three] = [
      await asset({ state: 'assembling' }),
      await asset({ state: 'assembling' }),
      await asset({ state: 'assembling' }),
    ]
    const outcomes = await reserveStoreKeys(atOnce(), [
      { assetId: one, storeKey: 'tree/same.mov' },
      { assetId: two, storeKey: 'tree/same.mov' },
      { assetId: three, storeKey: 'tree/other.mov' },
    ])
    expect(outcomes.filter((outcome) => outcome === busy)).toHaveLength(1)
    expect(outcomes[2]).toBe(true)
    const loser = outcomes[0] === busy ? one : two
    expect(await reserveStoreKeys(waiting(), [{ assetId: loser, storeKey: 'tree/same.mov' }])).toEqual([false])
    expect(await reserveStoreKeys(waiting(), [{ assetId: loser, storeKey: 'tree/same (2).mov' }])).toEqual([true])
    const again = [
      { assetId: three, storeKey: 'tree/other.mov' },
      { assetId: loser, storeKey: 'tree/other.mov' },
    ]
    expect(await reserveStoreKeys(atOnce(), again)).toEqual([true, false])
  })
})

describe('completing assemblies', () => {
  test('each clip is available, and to be verified where the digests of all its parts are in', async () => {
    const told = await asset({ state: 'assembling' })
    await part(told, 1, { isFinal: true, deviceXxh64: '0123456789abcdef' })
    const untold = await asset({ state: 'assembling' })
    await part(untold, 1, { deviceXxh64: '0123456789abcdef' })
    await part(untold, 2, { isFinal: true })
    const open = await asset({ state: 'created' })
    expect(await completeAssemblies(atOnce(), [untold, open, told].map(readable))).toEqual([
      { kind: 'available', verify: false },
      { kind: 'notAssembling' },
      { kind: 'available', verify: true },
    ])
    const custodyOf = async (id: string) =>
      (await db.select().from(assets).where(eq(assets.id, id))).map(({ state, custody, custodyAt, availableAt }) => ({
        ...{ state, custody, custodyAt, availableAt },
      }))[0]
    expect(await custodyOf(told)).toEqual({ state: 'available', custody: 'pending', custodyAt: null, availableAt: now })
    expect(await custodyOf(untold)).toEqual({
      ...{ state: 'available', custody: 'sizeChecked', custodyAt: now, availableAt: now },
    })
    expect((await custodyOf(open))?.state).toBe('created')
  })

  test('a clip that somebody is changing is left out', async () => {
    const held = await asset({ state: 'assembling' })
    const free = await asset({ state: 'assembling' })
    const outcomes = await whileHeld(assets, held, () => completeAssemblies(atOnce(), [held, free].map(readable)))
    expect(outcomes).toMatchObject([busy, { kind: 'available' }])
  })

  test('a clip whose device somebody is changing is left out, and the others do not wait for it', async () => {
    const moving = await insertDevice(db, projectId, 'Moving')
    const ofMoving = await seed(db).asset(moving, projectId, { state: 'assembling' })
    const free = await asset({ state: 'assembling' })
    const outcomes = await whileHeld(devices, moving, () =>
      completeAssemblies(atOnce(), [ofMoving, free].map(readable)),
    )
    expect(outcomes).toMatchObject([busy, { kind: 'available' }])
    expect(await completeAssemblies(waiting(), [readable(ofMoving)])).toMatchObject([{ kind: 'available' }])
  })
})
