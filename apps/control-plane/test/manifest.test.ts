import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { c4FromSha512, readChain } from '@rushes/asc-mhl'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import type { Person, Role } from '@rushes/fleet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import yauzl from 'yauzl'
import { answerManifest } from '../src/server/manifest/answer-manifest.ts'
import { manifestArchive } from '../src/server/manifest/manifest-archive.ts'

let database: TestDatabase
const projectId = crypto.randomUUID()
const clipCount = 6_000
beforeAll(async () => {
  database = await createTestDatabase()
  const { pool } = database
  await pool.query("insert into projects (id, name) values ($1, 'Nächte: Hafen')", [projectId])
  await pool.query("insert into device_models (name, is_our_agent) values ('Rushes agent', true)")
  await pool.query(
    `insert into devices (model_id, client_id, name, project_id, project_epoch)
     select id, 'a-cam', 'A-Cam', $1, 1 from device_models`,
    [projectId],
  )
  await pool.query(
    `insert into assets (device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at,
       folder, store_key, state, custody, available_at, stored_xxh64, scrubbed_at)
     select id, project_id, 1, n || '.mov', 'video/quicktime', 'fixed', 5, now(), 'Cloud Devices/2026_11_22/VIDEO/A-Cam',
       'P/Cloud Devices/2026_11_22/VIDEO/A-Cam/' || n || '.mov', 'available', 'verified', now(), 'ef46db3751d8e999', now()
     from devices, generate_series(1, $1::integer) n`,
    [clipCount],
  )
})
afterAll(() => database.drop())

const person = (role: Role): Person => ({ id: 'ana', name: 'Ana', email: 'ana@example.com', role })
const noClips = {
  ...{ verified: 0, sizeChecked: 0, differing: 0, beingChecked: 0, notReadYet: 0, unfinished: 0, failed: 0 },
  unwritable: 0,
}

function ask(
  over: { person?: Person | null; projectId?: string; query?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const url = `https://rushes.example.com/api/projects/x/manifest${over.query ?? ''}`
  return answerManifest(new Request(url, { headers: over.headers ?? {} }), {
    projectId: over.projectId ?? projectId,
    db: database.db,
    now: new Date('2026-11-22T12:00:00Z'),
    person: over.person === undefined ? person('operator') : over.person,
    publicUrl: 'https://rushes.example.com',
    tool: { name: 'Rushes', version: '1.0.0' },
    onFailure: (error) => {
      throw error
    },
  })
}

/** The files of an archive, by name. */
async function unzip(response: Response): Promise<Map<string, Buffer>> {
  const bytes = Buffer.from(await response.arrayBuffer())
  const zip = await promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer)(bytes, { lazyEntries: false })
  const files = new Map<string, Buffer>()
  const reads: Promise<void>[] = []
  zip.on('entry', (entry: yauzl.Entry) => {
    const open = promisify<yauzl.Entry, NodeJS.ReadableStream>((given, done) => zip.openReadStream(given, done))
    reads.push(
      open(entry).then(async (stream) => {
        const chunks: Buffer[] = []
        for await (const chunk of stream) chunks.push(Buffer.from(chunk))
        files.set(entry.fileName, Buffer.concat(chunks))
      }),
    )
  })
  await new Promise((resolve, reject) => zip.on('end', resolve).on('error', reject))
  await Promise.all(reads)
  return files
}

const auditCount = async () => Number((await database.pool.query('select count(*) from audit_events')).rows[0].count)

test('an operator gets a ZIP of the manifest and of the chain that names it with its C4, and the audit has it', async () => {
  const before = await auditCount()
  const response = await ask()
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/zip')
  expect(response.headers.get('content-disposition')).toContain(encodeURIComponent('Nächte_ Hafen-'))
  const files = await unzip(response)
  const folder = `Nächte_ Hafen-${projectId.slice(0, 8)}`
  const name = `0001_${folder}_2026-11-22_120000Z.mhl`
  expect([...files.keys()].toSorted()).toEqual([`${folder}/ascmhl/${name}`, `${folder}/ascmhl/ascmhl_chain.xml`])
  const manifest = files.get(`${folder}/ascmhl/${name}`) ?? Buffer.of()
  expect(manifest.toString().match(/<hash>/g)).toHaveLength(clipCount)
  expect(await readChain(files.get(`${folder}/ascmhl/ascmhl_chain.xml`)?.toString() ?? '')).toEqual([
    { number: 1, fileName: name, c4: c4FromSha512(createHash('sha512').update(manifest).digest()) },
  ])
  expect(await auditCount()).toBe(before + 1)
})

test.each([
  ['nobody who is signed in', { person: null }, 401],
  ['a viewer', { person: person('viewer') }, 403],
  ['a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
  ['a project that is none', { projectId: 'x' }, 400],
  ['an unknown project', { projectId: crypto.randomUUID() }, 404],
  ['a day that is none', { query: '?day=2026-02-30' }, 400],
  ['a device that is none', { query: "?device=';drop" }, 400],
  ['an unknown device', { query: `?device=${crypto.randomUUID()}` }, 404],
])('%s is refused, and the audit has nothing of it', async (_, over, status) => {
  const before = await auditCount()
  const response = await ask(over)
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error: expect.any(String) })
  expect(await auditCount()).toBe(before)
})

test('one of a day without clips is a valid, empty manifest', async () => {
  const files = await unzip(await ask({ query: '?day=2026-11-21' }))
  expect([...files.values()][0]?.toString()).not.toContain('<hashes>')
})

describe('an archive', () => {
  const of = (text: AsyncGenerator<string>) =>
    manifestArchive({
      ...{ text, folderName: 'P', fileName: '0001_P.mhl', createdAt: new Date('2026-11-22T12:00:00Z') },
      counts: noClips,
    })

  test('that nobody reads any more ends the reading of clips', async () => {
    let end: (value: string) => void = () => undefined
    const ended = new Promise<string>((resolve) => {
      end = resolve
    })
    const archive = of(
      (async function* () {
        try {
          for (;;) yield 'x'.repeat(100_000)
        } finally {
          end('ended')
        }
      })(),
    )
    await archive.iterator({ destroyOnReturn: false }).next()
    archive.destroy()
    expect(await ended).toBe('ended')
  })

  test('of clips that cannot be read any more is cut short, never made to look whole', async () => {
    const archive = of(
      (async function* () {
        yield 'a'
        throw new Error('the database went away')
      })(),
    )
    await expect(archive.toArray()).rejects.toThrow('the database went away')
  })
})
