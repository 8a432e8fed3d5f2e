import { auditEvents, projects } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { previewRetention, setRetention } from '../../src/clips/retention.ts'
import { giveUpOverdue, trashAged } from '../../src/clips/retire.ts'
import { day, trashWorld } from './trash-world.ts'

const world = trashWorld()
const { at, by, clip, trash, restore, stateOf, inTrash, actions } = world

describe('retention', () => {
  const set = (trashDays: number, clipDays: number | null, n = 0) =>
    setRetention(by(n), { projectId: world.project.id, trashDays, clipDays, reason: null })

  test('gives up what its project has kept in the trash for long enough, and nothing a moment earlier', async () => {
    const id = await clip()
    await trash([id])
    expect(await giveUpOverdue({ ...at(), now: new Date(day(30).getTime() - 1) }, { limit: 10 })).toBe(0)
    expect(await giveUpOverdue(at(30), { limit: 10 })).toBe(1)
    expect(await stateOf(id)).toBe('removing')
    expect((await actions(id)).at(-1)?.slice(0, 2)).toEqual(['clip.remove', 'Retention'])
  })

  test('works in bounded steps, the longest in the trash first', async () => {
    const ids = [await clip(), await clip(), await clip()]
    for (const [n, id] of ids.entries()) await trash([id], n)
    expect(await giveUpOverdue(at(60), { limit: 2 })).toBe(2)
    expect(await Promise.all(ids.map(stateOf))).toEqual(['removing', 'removing', 'trashed'])
    expect(await giveUpOverdue(at(60), { limit: 2 })).toBe(1)
  })

  test('throws no clip away by its age unless the project says so, and then counts from arrival or the last restoring', async () => {
    const old = await clip({ availableAt: day(-100) })
    const checked = await clip({ availableAt: day(-100), custody: 'pending' })
    expect(await trashAged(at(), { limit: 10 })).toBe(0)
    expect(await previewRetention(at(), { projectId: world.project.id, trashDays: 30, clipDays: 90 })).toMatchObject({
      trashed: { clipCount: 2, byteCount: 2000 },
      removed: { clipCount: 0 },
    })
    expect(await set(30, 90)).toEqual({ kind: 'set', before: { trashDays: 30, clipDays: null } })
    expect(await trashAged(at(), { limit: 10 })).toBe(1)
    expect([await stateOf(old), await stateOf(checked)]).toEqual(['trashed', undefined])
    expect((await inTrash())[0]?.trashedBy).toEqual({ kind: 'system', name: 'Retention' })
    await restore([old])
    expect(await trashAged(at(89), { limit: 10 })).toBe(0)
    expect(await trashAged(at(90), { limit: 10 })).toBe(1)
  })

  test('says what other days would do at once', async () => {
    await trash([await clip()])
    await trash([await clip()], 8)
    const preview = (trashDays: number) =>
      previewRetention(at(10), { projectId: world.project.id, trashDays, clipDays: null })
    expect((await preview(30)).removed).toEqual({ clipCount: 0, byteCount: 0 })
    expect((await preview(5)).removed).toEqual({ clipCount: 1, byteCount: 1000 })
  })

  test('takes whole days within bounds, with an audit row for what changed', async () => {
    for (const [trashDays, clipDays] of [
      [0, null],
      [3_651, null],
      [1.5, null],
      [30, 0],
      [Number.NaN, null],
    ] as const)
      expect(await set(trashDays, clipDays)).toEqual({ kind: 'daysInvalid', maxDays: 3_650 })
    await set(7, null)
    await set(7, null)
    const rows = await world.database.db.select().from(auditEvents).where(eq(auditEvents.targetId, world.project.id))
    expect(rows).toMatchObject([
      {
        action: 'project.setRetention',
        before: { trashDays: 30, clipDays: null },
        after: { trashDays: 7, clipDays: null },
      },
    ])
    const [kept] = await world.database.db.select().from(projects).where(eq(projects.id, world.project.id))
    expect(kept).toMatchObject({ trashDays: 7, clipDays: null })
    expect(
      await setRetention(by(), { projectId: crypto.randomUUID(), trashDays: 7, clipDays: null, reason: null }),
    ).toEqual({ kind: 'projectUnknown' })
  })
})
