import { assets } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { findClipContent } from '../../src/assets/find-content.ts'
import { getClip } from '../../src/assets/get-clip.ts'
import { listOwnAssets } from '../../src/assets/list-own.ts'
import { readAssetStatus } from '../../src/assets/read-status.ts'
import { listTrash } from '../../src/clips/list-trash.ts'
import { finishRemoval } from '../../src/clips/removals.ts'
import { trashClips } from '../../src/clips/trash.ts'
import { getProjectOverview } from '../../src/projects/overview.ts'
import { countUploads, listUploads } from '../../src/uploads/list-uploads.ts'
import { seed } from '../reads/seed.ts'
import { day, trashWorld } from './trash-world.ts'

const world = trashWorld()
const { at, clip, trash, restore, empty, inTrash, actions } = world
const listed = async () =>
  (await listUploads(at(), { filter: { projectId: world.project.id }, after: null, limit: 50 })).rows.map(
    (row) => row.assetId,
  )

describe('a clip in the trash', () => {
  test('is in no list and no count, and listed in the trash with who, when, why and until when', async () => {
    const [kept, gone] = [await clip(), await clip({ name: 'B.mov' })]
    const reported = await clip({ name: 'C.mov' })
    await seed(world.database.db).upload(world.device.id, {
      uploadId: `u-${reported}`,
      assetId: reported,
      projectId: world.project.id,
      state: 'verified',
    })
    const outcome = await trash([gone, reported], 0, 'a false start')
    expect(outcome).toEqual({ kind: 'trashed', assetIds: [gone, reported].toSorted(), skipped: [] })
    expect(await listed()).toEqual([kept])
    expect(await countUploads(at(), { filter: { projectId: world.project.id } })).toEqual({ verified: 1 })
    expect(await getProjectOverview(at(), { projectId: world.project.id })).toMatchObject({
      project: {
        clips: { availableCount: 1, verifiedCount: 1, availableBytes: 1000 },
        trash: { clipCount: 2, byteCount: 2000 },
      },
    })
    expect((await inTrash()).find((one) => one.assetId === gone)).toMatchObject({
      name: 'B.mov',
      trashedBy: { kind: 'person', name: 'Ana' },
      trashedAt: day(0).toISOString(),
      removesAt: day(30).toISOString(),
      reason: 'a false start',
      removing: null,
    })
    expect(await actions(gone)).toEqual([['clip.trash', 'Ana', 'a false start']])
    expect(await getClip(at(), { assetId: gone })).toMatchObject({ clip: { trash: { state: 'trashed', by: 'Ana' } } })
    expect(await findClipContent(at(), { assetId: gone })).toMatchObject({ isInTrash: true })
  })

  test('comes back where it was, as often as people like', async () => {
    const id = await clip()
    for (const n of [1, 2]) {
      await trash([id], n)
      expect(await restore([id], n)).toEqual({ kind: 'restored', assetIds: [id], skipped: [] })
    }
    expect(await listed()).toEqual([id])
    expect(await inTrash()).toEqual([])
    expect(await getClip(at(), { assetId: id })).toMatchObject({ clip: { trash: null, state: 'available' } })
    expect(await findClipContent(at(), { assetId: id })).toMatchObject({ isInTrash: false })
    expect((await actions(id)).map(([action]) => action)).toEqual([
      'clip.trash',
      'clip.restore',
      'clip.trash',
      'clip.restore',
    ])
  })

  test('stays available and verified for its device, in the trash and after it is gone for good', async () => {
    const id = await clip()
    await seed(world.database.db).part(id, 1, {
      acknowledgedAt: day(0),
      deviceXxh64: 'aa',
      storedXxh64: 'aa',
      isFinal: true,
      sizeBytes: 1000,
    })
    const told = () => readAssetStatus(at(), { deviceId: world.device.id, assetId: id })
    const truth = { id, status: 'available', verified: 'verified', missing: [], mismatch: null }
    await trash([id])
    expect(await told()).toEqual(truth)
    await empty(1)
    expect(await told()).toEqual(truth)
    await finishRemoval(at(), { assetId: id })
    expect(await told()).toEqual(truth)
    expect(await findClipContent(at(), { assetId: id })).toBeNull()
    const own = await listOwnAssets(at(), { deviceId: world.device.id, since: new Date(0), after: null, limit: 5 })
    expect(own).toMatchObject([{ id, status: 'available', verified: 'verified' }])
    expect(await getClip(at(), { assetId: id })).toMatchObject({
      clip: { custody: { state: 'verified' }, trash: { state: 'removed' } },
    })
  })

  test('goes there only when it is whole, once, and by a person', async () => {
    const [open, there, unknown] = [await clip({ state: 'created', custody: 'no' }), await clip(), crypto.randomUUID()]
    await trash([there])
    expect((await trash([open, there, unknown, unknown])).skipped).toEqual([
      { assetId: open, because: 'notAvailable' },
      { assetId: there, because: 'inTrash' },
      { assetId: unknown, because: 'clipUnknown' },
    ])
    await empty(1)
    expect((await trash([there])).skipped).toEqual([{ assetId: there, because: 'removed' }])
    expect(await restore([open, there, unknown])).toEqual({
      kind: 'restored',
      assetIds: [],
      skipped: [
        { assetId: open, because: 'notInTrash' },
        { assetId: there, because: 'removed' },
        { assetId: unknown, because: 'notInTrash' },
      ],
    })
    const asDevice = { ...at(), actor: { kind: 'device', id: world.device.id, name: 'A-Cam' } as const }
    await expect(trashClips(asDevice, { assetIds: [await clip()], reason: null })).rejects.toThrow('a device cannot')
  })

  test('is trashed once by two operators at the same time, and one of them hears of it', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => clip()))
    const outcomes = await Promise.all([trash(ids), trash(ids.toReversed()), trash(ids)])
    expect(outcomes.flatMap((outcome) => outcome.assetIds).toSorted()).toEqual(ids.toSorted())
    expect(outcomes.flatMap((outcome) => outcome.skipped)).toHaveLength(10)
    expect(await actions(ids[0] ?? '')).toHaveLength(1)
  })
})

test('the trash is listed page by page, the last one thrown away first', async () => {
  const ids = [await clip(), await clip(), await clip()]
  await trash(ids.slice(0, 2), 1)
  await trash(ids.slice(2), 2)
  const first = await listTrash(at(), { projectId: world.project.id, after: null, limit: 2 })
  const second = await listTrash(at(), { projectId: world.project.id, after: first.next, limit: 2 })
  expect([...first.clips, ...second.clips].map((one) => one.assetId)).toEqual([
    ids[2],
    ...ids.slice(0, 2).toSorted().toReversed(),
  ])
  expect(second.next).toBeNull()
})

test('a clip of which only the asset row is locked elsewhere can be restored meanwhile', async () => {
  const id = await clip()
  await trash([id])
  const other = await world.database.pool.connect()
  try {
    await other.query('begin')
    await other.query('select 1 from assets where id = $1 for no key update', [id])
    expect((await restore([id])).assetIds).toEqual([id])
    await other.query('rollback')
  } finally {
    other.release()
  }
  expect((await world.database.db.select().from(assets).where(eq(assets.id, id)))[0]?.state).toBe('available')
})
