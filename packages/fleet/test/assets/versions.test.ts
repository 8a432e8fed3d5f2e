import { assets, type Database } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAssets } from '../../src/assets/create.ts'
import { getClip } from '../../src/assets/get-clip.ts'
import { listClips } from '../../src/clips/list-clips.ts'
import { trashClips } from '../../src/clips/trash.ts'
import { busy } from '../../src/context.ts'
import { seed } from '../reads/seed.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
let db: Database
let [projectId, deviceId] = ['', '']
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.db
  projectId = await insertProject(db)
  deviceId = await insertDevice(db, projectId)
})
afterAll(() => database.drop())

let nth = 0
const create = async (autoVersionId: string, idempotencyKey = `key ${++nth}`) => {
  const [outcome] = await createAssets({ db, now: new Date(), wait: true }, [
    {
      ...{ deviceId, projectEpoch: 1, encoding: 'json', idempotencyKey, arrivedAt: new Date(), roomBytes: null },
      request: {
        name: 'v2.mov',
        filetype: 'video/quicktime',
        filesize: 1000,
        offset: 0,
        auto_version_id: autoVersionId,
      },
      storeKeyFor: (id) => `gathering/${id}`,
    },
  ])
  if (outcome === undefined || outcome === busy) throw new Error('one create is never told to wait')
  return outcome
}
const created = async (autoVersionId: string) => {
  const outcome = await create(autoVersionId)
  if (outcome.kind !== 'created') throw new Error(outcome.kind)
  return outcome.asset.id
}
const stored = { state: 'available', custody: 'sizeChecked' } as const
const arrive = (id: string) =>
  db
    .update(assets)
    .set({ ...stored, availableAt: new Date() })
    .where(eq(assets.id, id))
const versionsOf = async (assetId: string) => {
  const found = await getClip({ db }, { assetId })
  if (found.kind !== 'found') throw new Error(found.kind)
  return found.clip.versions
}
const rowOf = async (assetId: string) => {
  const { rows } = await listClips({ db }, { filter: {}, after: null, limit: 200 })
  return rows.find((row) => row.assetId === assetId)
}

test('a clip that says what it is a newer version of is shown so on both, and changes nothing of the earlier one', async () => {
  const first = await seed(db).asset(deviceId, projectId, { ...stored, name: 'v1.mov' })
  const before = await db.select().from(assets).where(eq(assets.id, first))
  const second = await created(first)
  expect(await versionsOf(second)).toMatchObject({ versionOf: { assetId: first, name: 'v1.mov' }, newer: [] })
  expect(await versionsOf(first)).toMatchObject({ versionOf: null, newer: [{ assetId: second, name: 'v2.mov' }] })
  // On its way it is no version that anybody could look at instead.
  expect(await rowOf(first)).toMatchObject({ newerVersion: null })
  await arrive(second)
  expect(await rowOf(first)).toMatchObject({ newerVersion: { assetId: second, name: 'v2.mov' }, versionOf: null })
  expect(await rowOf(second)).toMatchObject({ newerVersion: null, versionOf: { assetId: first, name: 'v1.mov' } })
  expect(await db.select().from(assets).where(eq(assets.id, first))).toEqual(before)
})

test('a version may itself be of a version, and a clip may have several', async () => {
  const first = await seed(db).asset(deviceId, projectId, stored)
  const second = await created(first)
  const third = await created(second)
  const other = await created(first)
  expect(await versionsOf(third)).toMatchObject({ versionOf: { assetId: second } })
  expect((await versionsOf(first)).newer.map(({ assetId }) => assetId)).toEqual([other, second])
})

test('a version of the clip of another device in the project is taken, and one of a clip in the trash, which stays there', async () => {
  const other = await insertDevice(db, projectId, 'B-Cam')
  const theirs = await seed(db).asset(other, projectId, stored)
  await trashClips({ db, now: new Date(), actor: ana }, { assetIds: [theirs], reason: null })
  const mine = await created(theirs)
  expect(await versionsOf(mine)).toMatchObject({ versionOf: { assetId: theirs, isInTrash: true } })
  expect(await getClip({ db }, { assetId: theirs })).toMatchObject({ clip: { trash: { state: 'trashed' } } })
})

test('a newer version that never became whole, or was thrown away, is not offered', async () => {
  const first = await seed(db).asset(deviceId, projectId, stored)
  const [failed, thrown] = [await created(first), await created(first)]
  await db.update(assets).set({ state: 'failed', endedBecause: 'partsMissing' }).where(eq(assets.id, failed))
  await arrive(thrown)
  await trashClips({ db, now: new Date(), actor: ana }, { assetIds: [thrown], reason: null })
  expect((await versionsOf(first)).newer).toMatchObject([{ assetId: thrown, isInTrash: true }])
  expect(await rowOf(first)).toMatchObject({ newerVersion: null })
})

test('a clip that there is not and one of another project are refused with the same words, and nothing is registered', async () => {
  const elsewhere = await insertProject(db, 'Saltwater')
  const theirs = await seed(db).asset(await insertDevice(db, elsewhere), elsewhere, stored)
  const count = async () => (await db.select({ id: assets.id }).from(assets)).length
  const before = await count()
  const refusal = { kind: 'malformed', detail: 'auto_version_id must name an asset of the project' }
  expect([await create(theirs), await create(crypto.randomUUID())]).toEqual([refusal, refusal])
  expect(await count()).toBe(before)
})

test('the same request again finds its clip, whatever became of the one that it is a version of', async () => {
  const first = await seed(db).asset(deviceId, projectId, stored)
  const once = await create(first, 'again')
  await db.update(assets).set({ versionOfId: null }).where(eq(assets.versionOfId, first))
  await db.delete(assets).where(eq(assets.id, first))
  expect(await create(first, 'again')).toMatchObject({
    kind: 'created',
    replayed: true,
    asset: once.kind === 'created' && { id: once.asset.id },
  })
})
