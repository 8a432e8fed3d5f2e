import { tmpdir } from 'node:os'
import { commandExecutions, commands, deviceModels, devices, projects } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { recordExecutionUpdate } from '@rushes/fleet'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run } from '../src/run.ts'

type Outcome = Parameters<typeof recordExecutionUpdate>[1]['update']['outcome']

let database: TestDatabase
const ids: Record<string, string> = {}
beforeAll(async () => {
  database = await createTestDatabase()
  const [projectId, agent, camera] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  await database.db.insert(projects).values({ id: projectId, name: 'Harbour Nights' })
  await database.db.insert(deviceModels).values([
    { id: agent, name: 'Agent', isOurAgent: true },
    { id: camera, name: 'Camera', isOurAgent: false, clientSecretSha256: 'x' },
  ])
  for (const [name, modelId] of Object.entries({ 'A-Cam': agent, 'B-Cam': agent, Drone: camera })) {
    const id = crypto.randomUUID()
    ids[name] = id
    await database.db.insert(devices).values({ id, name, modelId, clientId: name, projectId, projectEpoch: 1 })
  }
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
    return { code: await run(['command', ...args]), ...written }
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}

/** Answers the open command of a device, as the device would, once it has been sent. */
async function answer(name: string, outcome: Outcome): Promise<void> {
  const deviceId = ids[name] ?? ''
  const open = await vi.waitFor(
    async () => {
      const rows = await database.db.select().from(commandExecutions)
      const found = rows.find((row) => row.deviceId === deviceId && row.finalizedAt === null)
      if (found === undefined) throw new Error(`nothing was sent to ${name}`)
      return found
    },
    { timeout: 20_000, interval: 20 },
  )
  const update = { executionId: open.id, at: new Date().toISOString(), outcome }
  await recordExecutionUpdate({ db: database.db, now: new Date() }, { deviceId, update })
}

const done = (summary: string): Outcome => ({
  state: 'succeeded',
  result: { fileCount: 2, byteCount: 10, idsXxh64: null, summary },
})
const sentBodies = async () => (await database.db.select().from(commands)).map((row) => row.body)

it('sends a command to devices by name, waits for each of them, and tells what they did', async () => {
  const [sent] = await Promise.all([
    admin('send', 'holdUploads', '--devices', 'B-Cam', ids['A-Cam'] ?? ''),
    answer('A-Cam', done('uploads are on hold')),
    answer('B-Cam', done('they were on hold')),
  ])
  expect(sent.code).toBe(0)
  expect(sent.stdout.split('\n').slice(0, 4)).toEqual([
    'DEVICE  STATE  OUTCOME',
    'A-Cam   done   uploads are on hold',
    'B-Cam   done   they were on hold',
    expect.stringMatching(/^holdUploads [0-9a-f-]{36}: 2 of 2 done$/),
  ])
  expect(sent.stderr).toMatch(/^sent as /)
})

it('fails with what the device said when it could not do it, and names who was left out', async () => {
  const [sent] = await Promise.all([
    admin('send', 'clearQueue', '--filter', 'harbour', '--reason', 'reshoot', '--count', '3', '--json'),
    answer('A-Cam', done('cleared 2 files')),
    answer('B-Cam', { state: 'failed', errorCode: 'DEVICE_ERROR', message: 'the disk is full' }),
  ])
  const { executions, skipped } = JSON.parse(sent.stdout)
  const standing = executions.map((one: { deviceName: string; state: string }) => [one.deviceName, one.state])
  expect(standing.toSorted()).toEqual([
    ['A-Cam', 'succeeded'],
    ['B-Cam', 'failed'],
  ])
  expect(skipped).toEqual([{ deviceId: ids.Drone, because: 'noControlLink', name: 'Drone' }])
  expect([sent.code, JSON.parse(sent.stderr).error.message]).toEqual([
    1,
    expect.stringMatching(/^clearQueue .*: 1 of 3 done, 1 not done, 1 left out$/),
  ])
  const shown = await admin('show', executions[0].commandId)
  expect(shown.stdout).toContain('B-Cam   failed  the disk is full [DEVICE_ERROR]; the device tried and failed')
})

it('does not call done what no device has confirmed in the time that was given', async () => {
  const waited = await admin('send', 'retryUploads', '--devices', 'A-Cam', '--uploads', 'one', 'two', '--wait', '1')
  expect(waited.code).toBe(1)
  expect(waited.stdout).toMatch(/A-Cam {3}waits {2}not handed over yet/)
  expect(waited.stderr).toMatch(/0 of 1 done, 1 not yet\nIt goes on; look again with rushes-admin command show /)
  expect((await sentBodies()).at(-1)).toEqual({ kind: 'retryUploads', uploadIds: ['one', 'two'] })
  await answer('A-Cam', done('2 files'))
  const sent = await admin('send', 'releaseUploads', '--devices', 'A-Cam', '--wait', '0')
  expect([sent.code, sent.stderr]).toEqual([0, ''])
  await answer('A-Cam', done('released'))
})

it('sends nothing that is not said clearly', async () => {
  const before = (await sentBodies()).length
  const said = [
    ['send', 'clearQueue', '--devices', 'A-Cam'], // no reason
    ['send', 'clearQueue', '--devices', 'A-Cam', 'B-Cam', '--reason', 'x'], // several, and no count
    ['send', 'clearQueue', '--devices', 'A-Cam', 'B-Cam', '--reason', 'x', '--count', '3'],
    ['send', 'unblockUpload', '--devices', 'A-Cam', '--reason', 'x'], // which clip?
    ['send', 'unblockUpload', '--devices', 'A-Cam', '--reason', 'x', '--uploads', 'one', 'two'],
    ['send', 'unblockUpload', '--devices', 'A-Cam', '--uploads', 'one'],
    ['send', 'holdUploads', '--devices', 'A-Cam', '--uploads', 'one'],
    ['send', 'retryUploads', '--devices', 'A-Cam', 'B-Cam', '--uploads', 'one'],
    ['send', 'holdUploads'],
    ['send', 'holdUploads', '--devices', 'A-Cam', '--filter', 'cam'],
    ['send', 'holdUploads', '--devices', 'A-Cam', '--wait', 'long'],
    ['send', 'holdUploads', '--devices', 'A-Cam', '--reason', 'x'.repeat(501)],
    ['send', 'explode', '--devices', 'A-Cam'],
  ]
  for (const args of said) expect([args, (await admin(...args)).code]).toEqual([args, 2])
  for (const args of [
    ['send', 'holdUploads', '--devices', 'Nobody'],
    ['send', 'holdUploads', '--filter', 'nowhere'],
    ['send', 'holdUploads', '--devices', 'Drone'], // takes no commands
    ['show', 'nothing'],
    ['show', crypto.randomUUID()],
  ])
    expect([args, (await admin(...args)).code]).toEqual([args, 1])
  expect(await sentBodies()).toHaveLength(before)
})
