import { auditEvents } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAssets } from '../../src/assets/create.ts'
import { getClip } from '../../src/assets/get-clip.ts'
import { busy } from '../../src/context.ts'
import { setFolderBy } from '../../src/projects/set-folder-by.ts'
import { ana, insertDevice, insertProject } from '../support/fixtures.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const now = new Date('2026-11-22T12:00:00Z')
const acting = () => ({ db: database.db, now, actor: ana })

/** A clip of yesterday that comes today. */
async function put(deviceId: string, idempotencyKey: string): Promise<string> {
  const [outcome] = await createAssets({ ...acting(), wait: true }, [
    {
      ...{ deviceId, projectEpoch: 1, encoding: 'json', idempotencyKey, arrivedAt: now, roomBytes: null },
      request: { name: 'a.mov', filetype: 'video/quicktime', filesize: 10, offset: 86_400 },
      storeKeyFor: (id) => `gathering/${id}`,
    },
  ])
  if (outcome === undefined || outcome === busy || outcome.kind !== 'created') throw new Error('it was not created')
  return outcome.asset.id
}
const folderOf = async (assetId: string) => {
  const found = await getClip(acting(), { assetId })
  return found.kind === 'found' ? found.clip.folder : null
}

test('clips are filed by the other day from then on, those that there are stay, and the audit has who and why', async () => {
  const projectId = await insertProject(database.db)
  const deviceId = await insertDevice(database.db, projectId)
  const before = await put(deviceId, 'one')
  const reason = 'the editors look for what came in'
  expect(await setFolderBy(acting(), { projectId, folderBy: 'upload', reason })).toEqual({
    kind: 'set',
    before: 'capture',
  })
  const after = await put(deviceId, 'two')
  expect([await folderOf(before), await folderOf(after)]).toEqual([
    'Cloud Devices/2026_11_21/VIDEO/A-Cam',
    'Cloud Devices/2026_11_22/VIDEO/A-Cam',
  ])
  // The same again changes nothing, and nobody reads of it.
  expect(await setFolderBy(acting(), { projectId, folderBy: 'upload' })).toEqual({ kind: 'set', before: 'upload' })
  const entries = await database.db.select().from(auditEvents).where(eq(auditEvents.action, 'project.setFolderBy'))
  expect(entries).toMatchObject([
    { actorName: 'Ana', projectId, reason, before: { folderBy: 'capture' }, after: { folderBy: 'upload' } },
  ])
})

test('a project that there is not is told', async () => {
  const projectId = crypto.randomUUID()
  expect(await setFolderBy(acting(), { projectId, folderBy: 'upload' })).toEqual({ kind: 'projectUnknown' })
})
