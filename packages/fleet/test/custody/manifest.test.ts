import { type ListedDigest, readManifest } from '@rushes/asc-mhl'
import { clipTrash } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exportManifest } from '../../src/custody/export-manifest.ts'
import { previewManifest } from '../../src/custody/preview-manifest.ts'
import { seed } from '../reads/seed.ts'
import { ana } from '../support/fixtures.ts'

let database: TestDatabase
let put: ReturnType<typeof seed>
let project: { id: string; name: string }
let device: { id: string; name: string }
beforeAll(async () => {
  database = await createTestDatabase()
  put = seed(database.db)
})
afterAll(() => database.drop())
beforeEach(async () => {
  project = await put.project('Harbour: Nights')
  device = await put.device('A-Cam', { projectId: project.id })
})

const now = new Date('2026-11-22T12:00:00Z')
const digest = 'ef46db3751d8e999'
const nothing = {
  ...{ verified: 0, sizeChecked: 0, differing: 0, beingChecked: 0, notReadYet: 0, unfinished: 0, failed: 0 },
  unwritable: 0,
}
const folder = (day = '2026_11_22') => `Cloud Devices/${day}/VIDEO/A-Cam`
const read = { storedXxh64: digest, scrubbedAt: new Date('2026-11-22T09:00:00Z') }

type Over = NonNullable<Parameters<typeof put.asset>[2]> & { name: string }
/** A clip that is whole, verified and read, but for what is said otherwise; in a folder store, unless it has a key. */
const clip = ({ name, ...over }: Over, of = device.id) =>
  put.asset(of, project.id, {
    state: 'available',
    custody: 'verified',
    folder: folder(),
    storeKey: `${project.id}/${over.folder ?? folder()}/${name}`,
    ...read,
    name,
    ...over,
  })

async function manifest(
  scope: { day?: string; deviceId?: string } = {},
  history?: { generationCount: number; xxh64ByPath: Map<string, string> },
) {
  const outcome = await exportManifest(
    { db: database.db, now, actor: ana },
    {
      scope: { projectId: project.id, day: scope.day ?? null, deviceId: scope.deviceId ?? null },
      hostname: 'rushes.example.com',
      tool: { name: 'Rushes', version: '1.0.0' },
      ...(history === undefined ? {} : { history }),
    },
  )
  if (outcome.kind !== 'exported') throw new Error(outcome.kind)
  let xml = ''
  for await (const piece of outcome.manifest.text) xml += piece
  const files: ListedDigest[] = []
  for await (const file of readManifest([xml])) files.push(file)
  return { ...outcome.manifest, xml, files, paths: files.map((file) => file.path) }
}

const preview = async (scope: { day?: string; deviceId?: string } = {}) => {
  const found = await previewManifest(database, {
    scope: { projectId: project.id, day: scope.day ?? null, deviceId: scope.deviceId ?? null },
  })
  return found.kind === 'found' ? found.preview : null
}

describe('a manifest lists', () => {
  test('only clips with a digest that was read back here, and counts the others by why', async () => {
    await clip({ name: 'verified.mov' })
    await clip({ name: 'size-checked.mov', custody: 'sizeChecked' })
    await clip({ name: 'told-by-the-device.mov', fileXxh64: digest, storedXxh64: null, scrubbedAt: null })
    await clip({ name: 'not-read.mov', custody: 'sizeChecked', storedXxh64: null, scrubbedAt: null })
    await clip({ name: 'changed.mov', custody: 'mismatch', mismatchBecause: 'changed', firstMismatchNumber: 1 })
    await clip({ name: 'being-checked.mov', custody: 'pending' })
    await clip({ name: 'uploading.mov', state: 'created', custody: 'no' })
    await clip({ name: 'failed.mov', state: 'failed', custody: 'no', endedBecause: 'partsMissing' })
    await clip({ name: 'moved-away.mov', state: 'closed', custody: 'no', endedBecause: 'deviceMoved' })
    await clip({ name: 'odd\uffff.mov' })
    const trashed = await clip({ name: 'trashed.mov' })
    await database.db.insert(clipTrash).values({
      ...{ assetId: trashed, projectId: project.id, state: 'trashed', trashedAt: now },
      ...{ trashedByKind: 'person', trashedBy: 'Ana' },
    })
    const { paths, counts, xml } = await manifest()
    expect(paths).toEqual([`${folder()}/size-checked.mov`, `${folder()}/verified.mov`])
    const expected = {
      ...{ verified: 1, sizeChecked: 1, differing: 1, beingChecked: 1, notReadYet: 2, unfinished: 1, failed: 1 },
      unwritable: 1,
    }
    expect(counts).toEqual(expected)
    expect(xml).toContain('<n:left-out-not-read-yet>2</n:left-out-not-read-yet>')
    // Names are not looked at for the preview.
    expect((await preview())?.counts).toEqual({ ...expected, verified: 2, unwritable: 0 })
  })

  test('size, capture and the time of the reading', async () => {
    await clip({ name: 'a.mov', filesizeBytes: 5_000_000_000, capturedAt: new Date('2026-11-21T23:59:59.9Z') })
    const { xml } = await manifest()
    expect(xml).toContain('<path size="5000000000" creationdate="2026-11-21T23:59:59+00:00">')
    expect(xml).toContain(`<xxh64 action="original" hashdate="2026-11-22T09:00:00+00:00">${digest}</xxh64>`)
    expect(xml).toContain('<comment>Project Harbour: Nights</comment>')
  })

  test('the clips of one day or one device, when that is asked for', async () => {
    const other = await put.device('B-Cam', { projectId: project.id })
    await clip({ name: 'today.mov' })
    await clip({ name: 'yesterday.mov', folder: folder('2026_11_21') })
    await clip({ name: 'other.mov' }, other.id)
    expect((await manifest({ day: '2026-11-21' })).paths).toEqual([`${folder('2026_11_21')}/yesterday.mov`])
    expect((await manifest({ deviceId: other.id })).paths).toEqual([`${folder()}/other.mov`])
    expect((await manifest({ deviceId: other.id, day: '2026-11-21' })).files).toEqual([])
    expect(await preview({ deviceId: other.id })).toEqual({ counts: { ...nothing, verified: 1 }, days: ['2026-11-22'] })
    expect((await preview({ day: '2026-11-21' }))?.days).toEqual(['2026-11-22', '2026-11-21'])
  })

  test('clips where they lie in the tree of a folder store, also two of one name, and after a rename', async () => {
    const key = (file: string) => `${project.id}/${folder()}/${file}`
    await clip({ name: 'a.mov', storeKey: key('a.mov') })
    await clip({ name: 'a.mov', storeKey: key('a (2).mov') })
    await clip({ name: 'renamed.mov', storeKey: key('b.mov') })
    expect((await manifest()).paths.toSorted()).toEqual([
      `${folder()}/a (2).mov`,
      `${folder()}/a.mov`,
      `${folder()}/b.mov`,
    ])
  })

  test('clips of a bucket under their names, made safe, each once', async () => {
    for (const name of ['a.mov', 'a.mov', 'a (2).mov', '../b:c.mov'])
      await clip({ name, storeKey: `clips/${crypto.randomUUID()}` })
    const { paths } = await manifest()
    expect(new Set(paths).size).toBe(4)
    expect(paths).toContain(`${folder()}/a.mov`)
    expect(paths.every((path) => !path.includes('/../'))).toBe(true)
  })
})

test('more clips than fit on a page are all listed, each once, in an order that does not change', async () => {
  const count = 20_500
  await database.pool.query(
    `insert into assets (id, device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at,
       folder, store_key, state, custody, available_at, stored_xxh64, scrubbed_at)
     select gen_random_uuid(), $1, $2::uuid, 1, 'Ä' || (n % 1000) || '.mov', 'video/quicktime', 'fixed', n, now(),
       'Cloud Devices/2026_11_22/VIDEO/A-Cam', $2::text || '/' || n, 'available', 'verified', now(), $3, now()
     from generate_series(1, $4::integer) n`,
    [device.id, project.id, digest, count],
  )
  const first = await manifest()
  expect(new Set(first.paths).size).toBe(count)
  expect((await manifest()).xml).toBe(first.xml)
})

test('a manifest that continues a history says of each file whether it is new, as before, or not as before', async () => {
  for (const name of ['as-before.mov', 'new.mov', 'other.mov']) await clip({ name })
  const { files, fileName } = await manifest(
    {},
    {
      generationCount: 1,
      xxh64ByPath: new Map([
        [`${folder()}/as-before.mov`, digest],
        [`${folder()}/other.mov`, '0000000000000000'],
      ]),
    },
  )
  expect(files.map(({ action }) => action)).toEqual(['verified', 'original', 'failed'])
  expect(fileName).toBe(`0002_Harbour_ Nights-${project.id.slice(0, 8)}_2026-11-22_120000Z.mhl`)
})

test('an export stands in the audit; one of what there is not is refused and stands nowhere', async () => {
  await manifest({ day: '2026-11-22', deviceId: device.id })
  const { rows } = await database.pool.query(
    'select action, actor_name, device_id, after from audit_events where project_id = $1',
    [project.id],
  )
  expect(rows).toEqual([
    { action: 'project.exportManifest', actor_name: 'Ana', device_id: device.id, after: { day: '2026-11-22' } },
  ])
  const given = { hostname: 'x', tool: { name: 'x', version: 'x' } }
  const nobody = crypto.randomUUID()
  const context = { db: database.db, now, actor: ana }
  const scope = { projectId: nobody, day: null, deviceId: null }
  expect(await exportManifest(context, { ...given, scope })).toEqual({ kind: 'projectUnknown' })
  const unknownDevice = { projectId: project.id, day: null, deviceId: nobody }
  expect(await exportManifest(context, { ...given, scope: unknownDevice })).toEqual({ kind: 'deviceUnknown' })
})
