import { tmpdir } from 'node:os'
import { assets, deviceModels, devices, deviceUploads, projects } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { endCauses } from '@rushes/fleet'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run } from '../src/run.ts'

let database: TestDatabase
const [projectId, deviceId, modelId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
beforeAll(async () => {
  database = await createTestDatabase()
  await database.db.insert(projects).values({ id: projectId, name: 'Harbour Nights' })
  await database.db
    .insert(deviceModels)
    .values({ id: modelId, name: 'Camera', isOurAgent: false, clientSecretSha256: 'x' })
  await database.db
    .insert(devices)
    .values({ id: deviceId, name: 'A-Cam', modelId, clientId: 'c', projectId, projectEpoch: 1 })
})
afterAll(() => database.drop())

async function admin(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  vi.stubEnv('DATABASE_URL', database.connectionString)
  vi.stubEnv('INIT_CWD', tmpdir())
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text
      return true
    })
  try {
    return { code: await run(args), ...written }
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}

async function clip(name: string, state: 'available' | 'created' = 'available') {
  const id = crypto.randomUUID()
  await database.db.insert(assets).values({
    ...{
      id,
      deviceId,
      projectId,
      projectEpoch: 1,
      name,
      filetype: 'video/mp4',
      uploadKind: 'fixed',
      filesizeBytes: 1000,
    },
    ...{
      capturedAt: new Date(),
      folder: 'F',
      storeKey: id,
      state,
      availableAt: state === 'available' ? new Date() : null,
    },
  })
  return id
}

it('lists clips, puts them into the trash, lists that, and restores them', async () => {
  const [first, second] = [await clip('A.mp4'), await clip('B.mp4')]
  const list = async (...args: string[]): Promise<string[]> =>
    JSON.parse((await admin('clip', 'list', '--project', 'Harbour Nights', ...args, '--json')).stdout).map(
      (one: { assetId: string }) => one.assetId,
    )
  expect((await list()).toSorted()).toEqual([first, second].toSorted())
  expect(await list('--search', 'B.mp')).toEqual([second])
  expect(await list('--limit', '1')).toHaveLength(1)
  const trashed = await admin('clip', 'trash', first.toUpperCase(), '--reason', 'a false start')
  expect([trashed.code, trashed.stdout]).toEqual([0, '1 clip put into the trash\n'])
  expect([await list(), await list('--trash')]).toEqual([[second], [first]])
  expect((await admin('clip', 'list', '--trash', '--project', projectId)).stdout).toContain('rushes-admin')
  expect((await admin('clip', 'restore', first)).stdout).toBe('1 clip restored\n')
  expect((await list()).toSorted()).toEqual([first, second].toSorted())
  expect((await admin('clip', 'list', '--trash', '--project', projectId)).stdout).toBe(
    'the trash of Harbour Nights is empty\n',
  )
})

it('does not call a clip verified whose stored bytes have changed since, though its device does', async () => {
  const assetId = await clip('changed.mp4')
  await database.pool.query(
    "update assets set custody = 'mismatch', mismatch_because = 'changed', first_mismatch_number = 1 where id = $1",
    [assetId],
  )
  await database.db.insert(deviceUploads).values({
    ...{ deviceId, uploadId: 'u1', path: '/card/changed.mp4', sizeBytes: 1000, state: 'verified', assetId },
    ...{ partsDone: 1, partsTotal: 1, bytesAcknowledged: 1000, attempts: 0, updatedAt: new Date() },
  })
  const { stdout } = await admin('clip', 'list', '--search', 'changed.mp4')
  expect(stdout).toMatch(/changed\.mp4 .* bytes differ\n/)
  expect(stdout).not.toContain('verified')
})

it('says of a clip that was given up why, and what to do about it', async () => {
  const assetId = await clip('refused.mp4', 'created')
  await database.pool.query("update assets set state = 'failed', ended_because = 'refusedByStore' where id = $1", [
    assetId,
  ])
  const { stdout } = await admin('clip', 'list', '--search', 'refused.mp4')
  expect(stdout).toMatch(/refused\.mp4 .* failed: the store refused it\n/)
  expect(stdout).toContain(endCauses.refusedByStore.explanation)
})

it('says what it left as it is and why, and fails when it changed nothing', async () => {
  const [whole, open, unknown] = [await clip('C.mp4'), await clip('D.mp4', 'created'), crypto.randomUUID()]
  const some = await admin('clip', 'trash', whole, open)
  expect(some.code).toBe(0)
  expect(some.stdout).toContain(`left as it is: ${open} (it is not whole yet, or never will be)`)
  const none = await admin('clip', 'restore', unknown)
  expect([none.code, none.stdout]).toEqual([
    1,
    `0 clips restored\nleft as it is: ${unknown} (it is not in the trash)\n`,
  ])
})

it('renames a clip, and says what is wrong with a name or an id', async () => {
  const id = await clip('E.mp4')
  expect((await admin('clip', 'rename', id, ' Interview.mp4 ')).stdout).toBe('the clip is called Interview.mp4 now\n')
  expect((await admin('clip', 'list', '--limit', '200')).stdout).toContain('Interview.mp4')
  expect((await admin('clip', 'rename', id, 'two\nlines')).code).toBe(2)
  expect((await admin('clip', 'rename', crypto.randomUUID(), 'x.mp4')).code).toBe(1)
})

it.each([
  ['an id that is none', ['clip', 'trash', 'A.mp4']],
  ['no id', ['clip', 'restore']],
  ['a trash of no project', ['clip', 'list', '--trash']],
  ['a limit that is none', ['clip', 'list', '--limit', 'all']],
])('refuses %s as misuse', async (_what, args) => {
  expect((await admin(...args)).code).toBe(2)
})
