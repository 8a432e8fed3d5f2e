import { clipMedia } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { completeAssemblies } from '../../src/assets/complete-assemblies.ts'
import { getClip } from '../../src/assets/get-clip.ts'
import { emptyTrash } from '../../src/clips/empty-trash.ts'
import { claimMedia, recordMedia } from '../../src/clips/media.ts'
import { trashClips } from '../../src/clips/trash.ts'
import { listUploads } from '../../src/uploads/list-uploads.ts'
import { seed } from '../reads/seed.ts'

let database: TestDatabase
let projectId: string
let assetId: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.pool.query('truncate clip_media, clip_trash')
  const put = seed(database.db)
  projectId = (await put.project('Harbour Nights')).id
  const device = await put.device('A-Cam', { projectId })
  assetId = await put.asset(device.id, projectId, { state: 'assembling' })
  await put.part(assetId, 1, { acknowledgedAt: at(0).now })
  await completeAssemblies({ ...at(0), wait: true }, [{ assetId, isReadable: true }])
})

const at = (minute: number) => ({ db: database.db, now: new Date(Date.UTC(2026, 10, 22, 12, minute)) })
const claim = (minute: number) => claimMedia(at(minute), { leaseUntil: at(minute + 10).now })
const row = async () => (await database.db.select().from(clipMedia).where(eq(clipMedia.assetId, assetId)))[0]
const facts = {
  durationSeconds: 4.5,
  video: { codec: 'h264', width: 1920, height: 1080, framesPerSecond: 25 },
  audio: { codec: 'aac', channels: 2, sampleRateHz: 48_000 },
}

test('a clip that has arrived is handed out once, and again when whoever had it says nothing for too long', async () => {
  expect(await claim(0)).toMatchObject({ assetId, storeKey: assetId, sizeBytes: 1000, attempt: 1 })
  expect(await Promise.all([claim(1), claim(1)])).toEqual([null, null])
  expect(await claim(10)).toMatchObject({ assetId, attempt: 2 })
})

test('what was read stands with the clip, and its poster in the list', async () => {
  await claim(0)
  expect(await recordMedia(at(1), { assetId, result: { kind: 'read', facts, hasPoster: true, note: null } })).toBe(true)
  expect(await getClip(at(1), { assetId })).toMatchObject({
    clip: { media: { state: 'done', hasPoster: true, ...facts } },
  })
  const { rows } = await listUploads(at(1), { filter: { projectId }, after: null, limit: 5 })
  expect(rows).toMatchObject([{ assetId, hasPoster: true, durationSeconds: 4.5 }])
  expect(await claim(60)).toBeNull()
})

test('a try that failed is made again later, one that a stop broke off at once and without being counted', async () => {
  await claim(0)
  await recordMedia(at(0), { assetId, result: { kind: 'retry', at: at(5).now, error: 'busy' } })
  expect(await claim(4)).toBeNull()
  expect(await claim(5)).toMatchObject({ attempt: 2 })
  await recordMedia(at(5), { assetId, result: { kind: 'interrupted' } })
  expect(await claim(5)).toMatchObject({ attempt: 2 })
  await recordMedia(at(6), { assetId, result: { kind: 'failed', error: 'no moov' } })
  expect(await row()).toMatchObject({ state: 'failed', lastError: 'no moov', hasPoster: false })
  expect(await claim(90)).toBeNull()
})

test('of a clip that was given up meanwhile nothing is kept', async () => {
  await claim(0)
  const actor = { kind: 'person', id: 'ana', name: 'Ana' } as const
  await trashClips({ ...at(1), actor }, { assetIds: [assetId], reason: null })
  await emptyTrash({ ...at(2), actor }, { projectId, clipCount: 1, asOf: at(2).now, reason: null })
  expect(await recordMedia(at(3), { assetId, result: { kind: 'read', facts, hasPoster: true, note: null } })).toBe(
    false,
  )
  expect(await row()).toMatchObject({ state: 'none', hasPoster: false })
})
