import { assets } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { acknowledgeListedParts } from '../../src/store-uploads/acknowledge-listed.ts'
import { claimStoreLooks } from '../../src/store-uploads/claim-looks.ts'
import { findStoreUpload } from '../../src/store-uploads/find.ts'
import { forgetStoreUpload } from '../../src/store-uploads/forget.ts'
import { listEndedStoreUploads } from '../../src/store-uploads/list-ended.ts'
import { openStoreUpload } from '../../src/store-uploads/open.ts'
import { rememberStoreUpload } from '../../src/store-uploads/remember.ts'
import { seed } from '../reads/seed.ts'
import { insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let assetId: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.pool.query('delete from store_uploads')
  const projectId = await insertProject(database.db)
  const deviceId = await insertDevice(database.db, projectId)
  const { asset, part } = seed(database.db)
  assetId = await asset(deviceId, projectId, { state: 'created', uploadKind: 'realtime' })
  await part(assetId, 1, { sizeBytes: 1_000 })
  await part(assetId, 2, { sizeBytes: 500, isFinal: true })
})

const now = new Date('2026-11-22T09:00:00Z')
const at = (seconds = 0) => ({ db: database.db, now: new Date(now.getTime() + seconds * 1_000) })
const open = (seconds = 0) =>
  openStoreUpload(at(seconds), { assetId, firstLookMs: { ourAgents: 60_000, others: 1_000 } })
const remember = (uploadId: string) => rememberStoreUpload(at(), { assetId, uploadId })
const end = (state: 'failed' | 'closed') =>
  database.db.update(assets).set({ state, endedBecause: 'x' }).where(eq(assets.id, assetId))
const notice = (...listed: [number, number][]) =>
  acknowledgeListedParts(at(), { assetId, listed: listed.map(([number, sizeBytes]) => ({ number, sizeBytes })) })

describe('an upload', () => {
  test('is written down before it has an id, and keeps the first one that is told', async () => {
    expect(await open()).toEqual({ kind: 'open', uploadId: null, isNew: true })
    expect(await open()).toEqual({ kind: 'open', uploadId: null, isNew: false })
    expect(await remember('first')).toBe('first')
    expect(await remember('second')).toBe('first')
    expect(await open()).toEqual({ kind: 'open', uploadId: 'first', isNew: false })
    expect(await findStoreUpload(at(), { assetId })).toEqual({ uploadId: 'first' })
  })

  test.each(['failed', 'closed'] as const)(
    'of a clip that is %s is opened for nobody, and listed to be freed',
    async (state) => {
      await open()
      await end(state)
      expect(await open()).toEqual({ kind: 'ended' })
      expect(await listEndedStoreUploads(at(), { afterId: null, limit: 10 })).toEqual([assetId])
      await forgetStoreUpload(at(), { assetId })
      expect(await listEndedStoreUploads(at(), { afterId: null, limit: 10 })).toEqual([])
      expect(await remember('late')).toBeNull()
    },
  )
})

describe('a look', () => {
  const claim = (seconds: number) => claimStoreLooks(at(seconds), { limit: 10, leaseMs: 30_000 })

  test('is due a minute after addresses were given to one of our agents, and one program’s at a time', async () => {
    await open()
    expect(await claim(61)).toEqual([]) // nothing to ask the bucket for yet
    await remember('id')
    expect(await claim(59)).toEqual([])
    const claims = await Promise.all([claim(61), claim(61)])
    expect(claims.flat()).toEqual([{ assetId, newsAt: now, isOurAgent: true }])
    expect(await claim(92)).toHaveLength(1)
  })

  test('of a clip that takes no parts any more is nobody’s', async () => {
    await open()
    await remember('id')
    await end('closed')
    expect(await claim(61)).toEqual([])
  })
})

describe('parts that a bucket lists', () => {
  test('are acknowledged with the size that was registered, and make the clip whole', async () => {
    expect(await notice([1, 1_000])).toEqual({ kind: 'noticed', arrived: [1], withdrawn: [], isWhole: false })
    expect(await notice([1, 1_000], [2, 500])).toEqual({ kind: 'noticed', arrived: [2], withdrawn: [], isWhole: true })
    expect(await notice([1, 1_000], [2, 500])).toMatchObject({ arrived: [], isWhole: true })
  })

  test('with another size, or without having been registered, are not there', async () => {
    expect(await notice([1, 999], [2, 500], [7, 5])).toMatchObject({ arrived: [2], isWhole: false })
  })

  test('no more, or with another size than before, are missing again', async () => {
    await notice([1, 1_000], [2, 500])
    expect(await notice([1, 1_001])).toMatchObject({
      arrived: [],
      isWhole: false,
      withdrawn: expect.arrayContaining([1, 2]),
    })
  })

  test('begin the grace for stragglers with the final one, once', async () => {
    await notice([2, 500])
    await acknowledgeListedParts(at(30), { assetId, listed: [] })
    await acknowledgeListedParts(at(60), { assetId, listed: [{ number: 2, sizeBytes: 500 }] })
    const [asset] = await database.db.select().from(assets).where(eq(assets.id, assetId))
    expect(asset?.finalPartAt).toEqual(now)
  })

  test('change nothing of a clip that is closed', async () => {
    await end('closed')
    expect(await notice([1, 1_000], [2, 500])).toEqual({ kind: 'ended' })
  })
})
