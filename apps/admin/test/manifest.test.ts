import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readChain, readManifest } from '@rushes/asc-mhl'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { run } from '../src/run.ts'

let database: TestDatabase
let dir: string
const projectId = crypto.randomUUID()
beforeAll(async () => {
  database = await createTestDatabase()
  const { pool } = database
  await pool.query("insert into projects (id, name) values ($1, 'Night shoot')", [projectId])
  await pool.query("insert into device_models (name, is_our_agent) values ('Rushes agent', true)")
  await pool.query(
    `insert into devices (model_id, client_id, name, project_id, project_epoch)
     select id, 'a-cam', 'A-Cam', $1, 1 from device_models`,
    [projectId],
  )
})
afterAll(() => database.drop())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes-manifest-'))
  await database.pool.query('delete from assets')
})
afterEach(() => rm(dir, { recursive: true }))

/** A whole clip; without a digest it was not read yet. */
async function addClip(name: string, digest: string | null): Promise<string> {
  const { rows } = await database.pool.query(
    `insert into assets (device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at,
       folder, store_key, state, custody, available_at, stored_xxh64, scrubbed_at)
     select id, project_id, 1, $1::text, 'video/quicktime', 'fixed', 5, now(), 'Cloud Devices/2026_11_22/VIDEO/A-Cam',
       'Night shoot/Cloud Devices/2026_11_22/VIDEO/A-Cam/' || $1, 'available', 'verified', now(), $2::text, now()
     from devices returning id`,
    [name, digest],
  )
  return rows[0].id
}

async function runHere(...args: string[]) {
  vi.stubEnv('DATABASE_URL', database.connectionString)
  vi.stubEnv('INIT_CWD', dir)
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

const manifest = (...more: string[]) => runHere('manifest', '--project', 'Night shoot', ...more)
const history = async () => (await readdir(join(dir, 'ascmhl'))).toSorted()
const readHere = (name: string) => readFile(join(dir, 'ascmhl', name), 'utf8')
/** `path: action` of each file of a generation, without the folder. */
async function actionsOf(fileName: string): Promise<Record<string, string | null>> {
  const actions: Record<string, string | null> = {}
  for await (const file of readManifest([await readHere(fileName)]))
    actions[file.path.slice(file.path.lastIndexOf('/') + 1)] = file.action
  return actions
}

const [a, b] = ['0000000000000001', '0000000000000002']

describe('rushes-admin manifest', () => {
  it('begins a history in the folder that it is run in, and says what it left out', async () => {
    await addClip('one.mov', a)
    await addClip('two.mov', null)
    const { code, stdout } = await manifest()
    expect(code).toBe(0)
    expect(stdout).toMatch(/listed: 1 verified/)
    expect(stdout).toMatch(/left out: 1, not read to the end yet/)
    const [name = ''] = await history()
    expect(await history()).toEqual([expect.stringMatching(/^0001_Night shoot-.*Z\.mhl$/), 'ascmhl_chain.xml'])
    expect(await readChain(await readHere('ascmhl_chain.xml'))).toMatchObject([{ number: 1, fileName: name }])
    expect(await actionsOf(name)).toEqual({ 'one.mov': 'original' })
  })

  it('continues the history that is there, and tells what is new, as before and not as before', async () => {
    await addClip('same.mov', a)
    const changed = await addClip('changed.mov', a)
    const first = JSON.parse((await manifest('--json')).stdout)
    await database.pool.query('update assets set stored_xxh64 = $2 where id = $1', [changed, b])
    await addClip('new.mov', b)
    const second = JSON.parse((await manifest('--json')).stdout)
    expect(second).toMatchObject({ generation: 2, counts: { verified: 3 } })
    expect(await actionsOf(second.path.split('/').at(-1))).toEqual({
      'same.mov': 'verified',
      'changed.mov': 'failed',
      'new.mov': 'original',
    })
    const chain = await readChain(await readHere('ascmhl_chain.xml'))
    expect(chain.map(({ c4 }) => c4)).toEqual([first.c4, second.c4])
  })

  it('writes to the folder of --out, of one day and device', async () => {
    await addClip('one.mov', a)
    const out = join(dir, 'new')
    expect((await manifest('--out', 'new', '--day', '2026-11-22', '--device', 'A-Cam')).code).toBe(0)
    expect(await readdir(join(out, 'ascmhl'))).toHaveLength(2)
    expect(JSON.parse((await manifest('--out', 'new', '--day', '2026-11-23', '--json')).stdout)).toMatchObject({
      counts: { verified: 0 },
    })
  })

  it.each([
    ['whose manifest was changed', (path: string) => appendFile(path, ' '), /was changed since it was written/],
    ['whose manifest is gone', (path: string) => rm(path), /is not there/],
    [
      'whose chain is none',
      (path: string) => writeFile(join(path, '..', 'ascmhl_chain.xml'), '<a/>'),
      /cannot be read/,
    ],
    ['without a chain', (path: string) => rm(join(path, '..', 'ascmhl_chain.xml')), /no ascmhl_chain\.xml/],
  ])('refuses a history %s, and leaves it as it is', async (_, harm, says) => {
    await addClip('one.mov', a)
    const { path } = JSON.parse((await manifest('--json')).stdout)
    await harm(path)
    const before = await history()
    const ended = await manifest()
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(says) })
    expect(await history()).toEqual(before)
  })

  it('refuses a day that is none', async () => {
    expect(await manifest('--day', 'yesterday')).toMatchObject({ code: 2, stderr: expect.stringMatching(/is no day/) })
  })
})

// The schemas that ASC publishes are not part of this repository.
const publishedDir =
  process.env.RUSHES_ASC_MHL_DIR ?? fileURLToPath(new URL('../../../../shared/data/asc-mhl', import.meta.url))
const canValidate =
  existsSync(join(publishedDir, 'ASCMHL.xsd')) && spawnSync('xmllint', ['-version']).error === undefined

describe.skipIf(!canValidate)('against the schemas that ASC publishes', () => {
  it.each([
    ['a project', []],
    ['a day', ['--day', '2026-11-22']],
    ['a device', ['--device', 'A-Cam']],
    ['a day without clips', ['--day', '2026-11-21']],
  ])('what is written of %s is valid, and so is the chain, generation by generation', async (_, args) => {
    for (const name of ['<one> & "two".mov', 'Ωμέγα 映像.mov', 'three.mov']) await addClip(name, a)
    for (const generation of [1, 2]) {
      const { path } = JSON.parse((await manifest(...args, '--json')).stdout)
      expect(path).toContain(`000${generation}_`)
      const catalog = join(dir, 'catalog.xml')
      // The schema of the chain imports the other one from the web.
      await writeFile(
        catalog,
        `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><system
          systemId="https://raw.githubusercontent.com/ascmitc/mhl/master/xsd/ASCMHL.xsd"
          uri="${pathToFileURL(join(publishedDir, 'ASCMHL.xsd')).href}"/></catalog>`,
      )
      for (const [schema, file] of [
        ['ASCMHL.xsd', path],
        ['ASCMHLDirectory.xsd', join(dir, 'ascmhl', 'ascmhl_chain.xml')],
      ]) {
        const checked = spawnSync('xmllint', ['--nonet', '--noout', '--schema', join(publishedDir, schema), file], {
          env: { ...process.env, XML_CATALOG_FILES: catalog },
          encoding: 'utf8',
        })
        expect(checked.stderr).toMatch(/validates$/m)
        expect(checked.status).toBe(0)
      }
    }
  })
})

describe('rushes-admin scrub', () => {
  it('asks for a project or a clip, and says how many are read', async () => {
    const id = await addClip('one.mov', a)
    await addClip('two.mov', a)
    expect(JSON.parse((await runHere('scrub', '--project', projectId, '--json')).stdout)).toEqual({
      kind: 'asked',
      clipCount: 2,
    })
    expect((await runHere('scrub', '--clip', id)).stdout).toMatch(/asked for 1 clip;/)
    const { rows } = await database.pool.query('select asset_id, asked_by from scrubs')
    expect(rows).toHaveLength(2)
    expect(rows[0].asked_by).toMatch(/^rushes-admin/)
  })

  it.each([
    [[], 2],
    [['--clip', 'x'], 2],
    [['--clip', crypto.randomUUID()], 1],
    [['--project', 'nowhere'], 1],
  ])('given %j ends with %d', async (args, code) => {
    expect((await runHere('scrub', ...args)).code).toBe(code)
  })
})
