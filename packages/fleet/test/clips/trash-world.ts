import { auditEvents, clipMedia, clipTrash } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { emptyTrash } from '../../src/clips/empty-trash.ts'
import { listTrash } from '../../src/clips/list-trash.ts'
import { restoreClips } from '../../src/clips/restore.ts'
import { trashClips } from '../../src/clips/trash.ts'
import { seed } from '../reads/seed.ts'

const start = new Date('2026-11-22T12:00:00Z')
const ana = { kind: 'person', id: 'ana', name: 'Ana' } as const

/** So many days after the tests begin. */
export const day = (n: number) => new Date(start.getTime() + n * 86_400_000)

/** A database of its own, and for each test a project with a device and an empty trash. `n`: on which day something is done. */
export function trashWorld() {
  let database: TestDatabase
  let project: { id: string; name: string }
  let device: { id: string; name: string }
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())
  beforeEach(async () => {
    // The verbs of retention look at every project.
    await database.pool.query('truncate clip_trash')
    const put = seed(database.db)
    project = await put.project('Harbour Nights')
    device = await put.device('A-Cam', { projectId: project.id })
  })
  const at = (n = 0) => ({ db: database.db, now: day(n) })
  const by = (n = 0) => ({ ...at(n), actor: ana })
  return {
    get database() {
      return database
    },
    get project() {
      return project
    },
    get device() {
      return device
    },
    at,
    by,
    async clip(over: Parameters<ReturnType<typeof seed>['asset']>[2] = {}) {
      const id = await seed(database.db).asset(device.id, project.id, {
        state: 'available',
        custody: 'verified',
        ...over,
      })
      await database.db.insert(clipMedia).values({ assetId: id })
      return id
    },
    trash: (assetIds: string[], n = 0, reason: string | null = null) => trashClips(by(n), { assetIds, reason }),
    restore: (assetIds: string[], n = 0) => restoreClips(by(n), { assetIds, reason: null }),
    empty: (clipCount: number, n = 0, asOf = day(n)) =>
      emptyTrash(by(n), { projectId: project.id, clipCount, asOf, reason: null }),
    stateOf: async (assetId: string) =>
      (await database.db.select().from(clipTrash).where(eq(clipTrash.assetId, assetId)))[0]?.state,
    inTrash: async () => (await listTrash(at(), { projectId: project.id, after: null, limit: 50 })).clips,
    /** What the audit says of a clip: action, who, why. */
    async actions(assetId: string) {
      const rows = await database.db
        .select({ action: auditEvents.action, actor: auditEvents.actorName, reason: auditEvents.reason })
        .from(auditEvents)
        .where(and(eq(auditEvents.targetKind, 'clip'), eq(auditEvents.targetId, assetId)))
        .orderBy(asc(auditEvents.id))
      return rows.map(({ action, actor, reason }) => [action, actor, reason])
    },
  }
}
