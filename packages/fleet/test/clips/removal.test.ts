import { clipMedia } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { describe, expect, test, vi } from 'vitest'
import { findVerification } from '../../src/assets/find-verification.ts'
import { finishVerification } from '../../src/assets/finish-verification.ts'
import { readAssetStatus } from '../../src/assets/read-status.ts'
import { recordCustody } from '../../src/assets/record-custody.ts'
import { emptyTrash } from '../../src/clips/empty-trash.ts'
import { summarizeTrash } from '../../src/clips/list-trash.ts'
import { claimRemovals, deferRemoval, finishRemoval, maxRemovalAttempts } from '../../src/clips/removals.ts'
import { giveUpOverdue } from '../../src/clips/retire.ts'
import { seed } from '../reads/seed.ts'
import { day, trashWorld } from './trash-world.ts'

const world = trashWorld()
const { at, by, clip, trash, empty, stateOf, inTrash, actions } = world

describe('a clip that is verified while it is in the trash', () => {
  const pending = async () => {
    const id = await clip({ custody: 'pending' })
    await seed(world.database.db).part(id, 1, {
      acknowledgedAt: day(0),
      deviceXxh64: 'aa',
      isFinal: true,
      sizeBytes: 1000,
    })
    return id
  }

  test('is read and judged as any other, and removed only then', async () => {
    const id = await pending()
    await trash([id])
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 1 })
    expect(await giveUpOverdue(at(31), { limit: 10 })).toBe(0)
    expect(await findVerification(at(), { assetId: id })).not.toBeNull()
    await finishVerification(at(), {
      assetId: id,
      stored: [{ number: 1, xxh64: 'aa' }],
      fileXxh64: 'ff',
      because: 'sentOtherwise',
    })
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 1, leftCount: 0 })
    expect(await stateOf(id)).toBe('removing')
  })

  test('is not read any more once it is given up: digests that come late are kept, and nothing is called a loss', async () => {
    const id = await clip({ custody: 'sizeChecked' })
    await seed(world.database.db).part(id, 1, { acknowledgedAt: day(0), isFinal: true, sizeBytes: 1000 })
    await trash([id])
    await empty(1)
    const custody = { parts: [{ number: 1, offset: 0, size: 1000, xxh64: '00000000000000aa' }] }
    expect(await recordCustody(at(), { deviceId: world.device.id, assetId: id, custody })).toEqual({
      kind: 'recorded',
      verify: false,
    })
    expect(await readAssetStatus(at(), { deviceId: world.device.id, assetId: id })).toMatchObject({
      verified: 'sizeChecked',
    })
  })

  test('is never given up while its digests are just being written down', async () => {
    const id = await clip({ custody: 'sizeChecked' })
    await trash([id])
    const other = await world.database.pool.connect()
    try {
      await other.query('begin')
      await other.query("update assets set custody = 'pending' where id = $1", [id])
      const emptying = empty(1)
      await vi.waitUntil(async () => {
        const waiting = await world.database.pool.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        return waiting.rows.length > 0
      }, 30_000)
      await other.query('commit')
      expect(await emptying).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 1 })
      expect(await stateOf(id)).toBe('trashed')
    } finally {
      other.release()
    }
  })
})

describe('removing for good', () => {
  test('begins with the intent and its audit, stops what is still to be read, and ends once the bytes are gone', async () => {
    const id = await clip()
    await trash([id])
    expect(await empty(1)).toEqual({ kind: 'emptied', removingCount: 1, leftCount: 0 })
    expect((await inTrash())[0]).toMatchObject({ assetId: id, removing: { lastError: null, isGivenUp: false } })
    expect((await actions(id)).map(([action]) => action)).toEqual(['clip.trash', 'clip.remove'])
    const [media] = await world.database.db.select().from(clipMedia).where(eq(clipMedia.assetId, id))
    expect(media?.state).toBe('none')
    expect(await claimRemovals(at(), { limit: 5, leaseUntil: day(1) })).toEqual([
      { assetId: id, storeKey: id, attempt: 1 },
    ])
    expect(await claimRemovals(at(), { limit: 5, leaseUntil: day(1) })).toEqual([])
    await finishRemoval(at(), { assetId: id })
    expect(await inTrash()).toEqual([])
    expect(await stateOf(id)).toBe('removed')
    expect(await summarizeTrash(at(), { projectId: world.project.id })).toMatchObject({
      clipCount: 0,
      removingCount: 0,
    })
  })

  test('that fails is tried again later, a bounded number of times, and then when somebody asks for it', async () => {
    const id = await clip()
    await trash([id])
    await empty(1)
    for (let n = 1; n <= maxRemovalAttempts; n++) {
      expect(await claimRemovals(at(n), { limit: 5, leaseUntil: day(n + 0.5) })).toMatchObject([{ attempt: n }])
      await deferRemoval(at(n), { assetId: id, retryAt: day(n + 1), error: 'the disk is read-only' })
      expect(await claimRemovals(at(n), { limit: 5, leaseUntil: day(n + 0.5) })).toEqual([])
    }
    expect(await claimRemovals(at(100), { limit: 5, leaseUntil: day(101) })).toEqual([])
    expect((await inTrash())[0]?.removing).toMatchObject({ lastError: 'the disk is read-only', isGivenUp: true })
    expect(await empty(0)).toEqual({ kind: 'emptied', removingCount: 0, leftCount: 0 })
    expect(await claimRemovals(at(100), { limit: 5, leaseUntil: day(101) })).toMatchObject([
      { assetId: id, attempt: 1 },
    ])
  })

  test('takes nothing along that the person has not seen', async () => {
    const [seen, later] = [await clip(), await clip()]
    await trash([seen], 1)
    await trash([later], 3)
    expect(await empty(2, 4, day(2))).toEqual({ kind: 'trashChanged', clipCount: 1 })
    expect(await empty(1, 4, day(2))).toMatchObject({ kind: 'emptied', removingCount: 1 })
    expect([await stateOf(seen), await stateOf(later)]).toEqual(['removing', 'trashed'])
    expect(
      await emptyTrash(by(), { projectId: crypto.randomUUID(), clipCount: 0, asOf: day(0), reason: null }),
    ).toEqual({ kind: 'projectUnknown' })
  })
})
