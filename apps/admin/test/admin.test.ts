import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { ensureDeviceModels, requestPairingCode } from '@rushes/fleet'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../src/run.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await ensureDeviceModels(database, {})
})
afterAll(() => database.drop())

type Ended = { code: number; stdout: string; stderr: string }

const onThisDatabase = () => ({
  DATABASE_URL: database.connectionString,
  RUSHES_PUBLIC_URL: 'https://rushes.example.com',
})

/** Runs the real program as a process, as a script would. */
function runProcess(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: process.env.PATH, ...env }, cwd: tmpdir() },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** The same within this process: what `main.ts` calls. */
async function runHere(args: readonly string[], env: Record<string, string> = onThisDatabase()): Promise<Ended> {
  for (const name of ['DATABASE_URL', 'RUSHES_PUBLIC_URL']) vi.stubEnv(name, env[name])
  vi.stubEnv('INIT_CWD', tmpdir())
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text
      return true
    })
  }
  try {
    return { code: await run(args), ...written }
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await runHere([...args, '--json'])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

async function showCode(): Promise<string> {
  const outcome = await requestPairingCode(
    { db: database.db, now: new Date() },
    {
      clientId: `rushes-agent-${crypto.randomUUID()}`,
      clientSecret: null,
      scope: 'asset_create offline',
      deviceName: 'A-Cam',
      uploadTo: null,
      firmwareVersion: '1.0.0',
      remoteAddress: null,
    },
  )
  if (outcome.kind !== 'requested') throw new Error(`no code: ${outcome.kind}`)
  return outcome.userCode
}

/** A clip that was thrown away so many days ago. */
async function putIntoTrash(projectId: string, daysAgo: number): Promise<void> {
  const [assetId, deviceId] = [crypto.randomUUID(), crypto.randomUUID()]
  const { rows } = await database.pool.query('select id from device_models limit 1')
  await database.pool.query("insert into devices (id, model_id, client_id, name) values ($1, $2, $3, 'B-Cam')", [
    ...[deviceId, rows[0].id, `client ${deviceId}`],
  ])
  await database.pool.query(
    `insert into assets (id, device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at, folder,
       store_key, state, available_at, custody)
     values ($1, $2, $3, 1, 'A001.mov', 'video/quicktime', 'fixed', 1000, now(), 'x', $4, 'available', now(), 'verified')`,
    [assetId, deviceId, projectId, assetId],
  )
  await database.pool.query(
    `insert into clip_trash (asset_id, project_id, state, trashed_at, trashed_by_kind, trashed_by)
     values ($1, $2, 'trashed', now() - make_interval(days => $3), 'person', 'Ana')`,
    [assetId, projectId, daysAgo],
  )
}

describe('rushes-admin', () => {
  it('makes a project, lets a device into it, and pauses and resumes its sharing, each with an audit row of the command line', async () => {
    const project = await json('project', 'create', 'Night shoot', '--timezone', 'Europe/Berlin')
    expect((await json('project', 'list')).map((one: { name: string }) => one.name)).toContain('Night shoot')
    const approved = await json('pairing', 'approve', await showCode(), '--project', 'Night shoot')
    expect(approved).toMatchObject({ kind: 'approved', projectId: project.id, deviceName: 'A-Cam' })

    expect((await json('device', 'list'))[0]).toMatchObject({
      deviceId: approved.deviceId,
      presence: { state: 'neverConnected' },
    })
    expect((await json('device', 'pause-sharing', approved.deviceId, '--reason', 'closed set')).kind).toBe('paused')
    expect((await json('device', 'pause-sharing', 'A-Cam')).kind).toBe('alreadyPaused')
    expect((await json('device', 'resume-sharing', 'A-Cam')).kind).toBe('resumed')
    const { rows: zones } = await database.pool.query('select timezone from devices where id = $1', [approved.deviceId])
    expect(zones).toEqual([{ timezone: Intl.DateTimeFormat().resolvedOptions().timeZone }])
    const windows = await database.pool.query('select ended_at from pause_windows where device_id = $1', [
      approved.deviceId,
    ])
    expect(windows.rows).toEqual([{ ended_at: expect.any(Date) }])

    const { rows } = await database.pool.query('select action, actor_kind, actor_name from audit_events order by id')
    expect(rows.map((row) => row.action)).toEqual([
      'project.create',
      'pairing.approve',
      'device.pauseSharing',
      'device.resumeSharing',
    ])
    expect(rows.every((row) => row.actor_kind === 'commandLine' && row.actor_name.startsWith('rushes-admin'))).toBe(
      true,
    )
  })

  it('says until when a device may act, and ends its pairing', async () => {
    const { id } = await json('project', 'create', 'Last day')
    const { deviceId } = await json('pairing', 'approve', await showCode(), '--project', id)
    const expiry = async () =>
      (
        await database.pool.query('select authorization_expires_at as at, revoked_at from devices where id = $1', [
          deviceId,
        ])
      ).rows[0]
    await json('device', 'expire', deviceId, '2100-01-01T00:00:00Z')
    expect(await expiry()).toEqual({ at: new Date('2100-01-01T00:00:00Z'), revoked_at: null })
    await json('device', 'expire', deviceId, 'never')
    expect(await expiry()).toEqual({ at: null, revoked_at: null })
    expect((await runHere(['device', 'expire', deviceId, 'tomorrow'])).code).toBe(2)
    expect(await json('device', 'forget', deviceId, '--reason', 'wrapped')).toMatchObject({ kind: 'forgotten' })
    expect(await expiry()).toEqual({ at: null, revoked_at: expect.any(Date) })
    expect((await runHere(['device', 'forget', deviceId])).code).toBe(1)
  })

  it('counts the days of a device in the zone that is given, and refuses one that there is not', async () => {
    const { id } = await json('project', 'create', 'Far away')
    const code = await showCode()
    const wrong = await runHere(['pairing', 'approve', code, '--project', id, '--timezone', 'Mars/Base'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/Mars\/Base is unknown/)])
    const { deviceId } = await json('pairing', 'approve', code, '--project', id, '--timezone', 'Asia/Tokyo')
    const { rows } = await database.pool.query('select timezone from devices where id = $1', [deviceId])
    expect(rows).toEqual([{ timezone: 'Asia/Tokyo' }])
  })

  it('pauses and resumes sharing of one channel, and lists it as that', async () => {
    const { id } = await json('project', 'create', 'Two heads')
    const { deviceId } = await json('pairing', 'approve', await showCode(), '--project', id)
    expect((await json('device', 'pause-sharing', deviceId, '--channel', '2')).kind).toBe('paused')
    const listed = async () =>
      (await runHere(['device', 'list'])).stdout.split('\n').find((line) => line.startsWith(deviceId))
    expect(await listed()).toMatch(/ {2}channel 2 paused by rushes-admin/)
    // One of the whole device is said rather than that of a channel.
    expect((await json('device', 'pause-sharing', deviceId)).kind).toBe('paused')
    expect(await listed()).toMatch(/ {2}paused by rushes-admin/)
    await json('device', 'resume-sharing', deviceId)
    expect((await runHere(['device', 'resume-sharing', deviceId, '--channel', '2'])).stdout).toMatch(
      /^sharing of channel 2 of A-Cam is resumed/,
    )
    expect(await listed()).toMatch(/ {2}on$/)
    expect((await runHere(['device', 'pause-sharing', deviceId, '--channel', 'two'])).code).toBe(2)
  })

  it('says how a project files clips and for how long it keeps them, and removes nothing that was not named', async () => {
    const { id } = await json('project', 'create', 'Long run')
    const ofProject = async () =>
      (await database.pool.query('select folder_by, trash_days, clip_days from projects where id = $1', [id])).rows[0]
    expect(await json('project', 'folder-by', id, 'upload', '--reason', 'by delivery')).toEqual({
      kind: 'set',
      before: 'capture',
    })
    expect((await runHere(['project', 'folder-by', id, 'moonrise'])).code).toBe(2)
    await json('project', 'retention', id, '--trash-days', '7', '--clip-days', '90')
    expect(await ofProject()).toEqual({ folder_by: 'upload', trash_days: 7, clip_days: 90 })
    for (const [trashDays, clipDays] of [
      ['0', 'never'],
      ['7', 'soon'],
      ['1.5', '2'],
      ['9999', 'never'],
    ] as const)
      expect(
        (await runHere(['project', 'retention', id, '--trash-days', trashDays, '--clip-days', clipDays])).code,
      ).toBe(2)

    await putIntoTrash(id, 3)
    const refused = await runHere(['project', 'retention', id, '--trash-days', '1', '--clip-days', 'never'])
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/remove 1 clip for good.*\n.*--removes 1/),
    ])
    expect(await ofProject()).toMatchObject({ trash_days: 7 })
    await json('project', 'retention', id, '--trash-days', '1', '--clip-days', 'never', '--removes', '1')
    expect(await ofProject()).toMatchObject({ trash_days: 1, clip_days: null })
  })

  it('empties the trash of a project only when it is told how many clips that are', async () => {
    const { id } = await json('project', 'create', 'Wrapped')
    await putIntoTrash(id, 0)
    await putIntoTrash(id, 0)
    const asked = await runHere(['project', 'empty-trash', id])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/there are 2 clips.*\n.*--count 2/)])
    expect((await runHere(['project', 'empty-trash', id, '--count', '1'])).code).toBe(1)
    expect(await json('project', 'empty-trash', id, '--count', '2', '--reason', 'wrapped')).toMatchObject({
      kind: 'emptied',
      removingCount: 2,
    })
    const { rows } = await database.pool.query('select distinct state from clip_trash where project_id = $1', [id])
    expect(rows).toEqual([{ state: 'removing' }])
  })

  it('moves a device to another project and raises its epoch', async () => {
    const { id: from } = await json('project', 'create', 'First unit')
    const { id: to } = await json('project', 'create', 'Second unit')
    const { deviceId } = await json('pairing', 'approve', await showCode(), '--project', from)
    expect(await json('device', 'assign', deviceId, '--project', to, '--reason', 'moved to second unit')).toMatchObject(
      { kind: 'assigned' },
    )
    const { rows } = await database.pool.query('select project_id, project_epoch from devices where id = $1', [
      deviceId,
    ])
    expect(rows).toEqual([{ project_id: to, project_epoch: 2 }])
  })

  it('prints a one-time link for a new person and another for a reset', async () => {
    const made = await json('user', 'create', 'Ana@Example.com', '--role', 'operator')
    expect(made.person).toMatchObject({ email: 'ana@example.com', role: 'operator' })
    expect(made.url).toMatch(/^https:\/\/rushes\.example\.com\//)
    expect((await json('user', 'reset-link', 'ana@example.com')).url).not.toBe(made.url)
  })

  it('says that the database is current when there is nothing to migrate', async () => {
    expect(await json('migrate')).toEqual({ applied: [] })
  })

  it('finds the database of a running instance by its data folder', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'rushes-admin-'))
    await writeFile(
      join(dataDir, 'local-instance.json'),
      JSON.stringify({ databaseUrl: database.connectionString, publicUrl: 'http://localhost:3000' }),
    )
    const { code, stdout } = await runProcess(['project', 'list', '--json', '--data-dir', dataDir], {})
    await rm(dataDir, { recursive: true })
    expect(code).toBe(0)
    expect(Array.isArray(JSON.parse(stdout))).toBe(true)
  })
})

describe('rushes-admin, given what it cannot use', () => {
  it.each([
    { of: 'an unknown command', args: ['frobnicate'], code: 2, says: /unknown command/ },
    { of: 'a missing argument', args: ['project', 'create'], code: 2, says: /missing required argument/ },
    {
      of: 'a time zone that is none',
      args: ['project', 'create', 'X', '--timezone', 'Mars/Base'],
      code: 2,
      says: /Mars\/Base is unknown/,
    },
    { of: 'a name with a line break', args: ['project', 'create', 'a\nb'], code: 2, says: /1 to 120 characters/ },
    {
      of: 'an unknown device',
      args: ['device', 'pause-sharing', 'nobody'],
      code: 1,
      says: /there is no device nobody/,
    },
    {
      of: 'a code that no device shows',
      args: ['pairing', 'approve', '000000'],
      code: 1,
      says: /no device shows this code/,
    },
    {
      of: 'an unknown role',
      args: ['user', 'create', 'a@example.com', '--role', 'king'],
      code: 2,
      says: /there is no role king/,
    },
    { of: 'somebody unknown', args: ['user', 'reset-link', 'nobody@example.com'], code: 1, says: /nobody signs in as/ },
  ])('ends with $code and says what to do about $of', async ({ args, code, says }) => {
    const ended = await runHere(args)
    expect(ended.stderr).toMatch(says)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(ended.code).toBe(code)
  })

  it.each([
    { of: 'no database at all', env: {}, says: /which database is meant\?/ },
    {
      of: 'an address that is none',
      env: { DATABASE_URL: 'over there' },
      says: /DATABASE_URL cannot be used/,
    },
    {
      of: 'a database that does not answer',
      env: { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' },
      says: /the database does not answer/,
    },
  ])('says so without a stack for $of', async ({ env, says }) => {
    const ended = await runHere(['project', 'list'], env)
    expect(ended.stderr).toMatch(says)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    expect(ended.code).toBe(1)
  })
})
