import { globSync } from 'node:fs'
import { chown, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSpooled, spoolOf } from '../../src/spool/spool-folder.ts'
import { type SpooledInput, spoolInput } from '../../src/spool/spool-input.ts'

let root: string
let stateDir: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rushes-spool-'))
  stateDir = join(root, 'state')
  await mkdir(stateDir, { mode: 0o700 })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const note = { channel: 1, began: { at: 1_000, inBoot: { bootId: 'boot-1', uptimeMs: 5 } } }
const spool = (input: Readable, signal = new AbortController().signal): Promise<SpooledInput> =>
  spoolInput(input, { stateDir, name: 'A001.mov', note, signal, onReceived: () => undefined })

test('a whole clip lies under its name with what is to be known of it', async () => {
  const { id, release } = await spool(Readable.from([Buffer.from('abc'), Buffer.from('def')]))
  release()
  const path = join(spoolOf(stateDir), id, 'clip', 'A001.mov')
  expect(await readSpooled(join(spoolOf(stateDir), id))).toEqual({ kind: 'whole', path, note })
  expect((await stat(path)).size).toBe(6)
})

test('a clip whose note was lost is none the less a clip', async () => {
  const { id, release } = await spool(Readable.from([Buffer.from('abc')]))
  release()
  const folder = join(spoolOf(stateDir), id)
  await rm(join(folder, 'pipe.json'))
  expect(await readSpooled(folder)).toMatchObject({ kind: 'whole', note: { channel: 0, began: { inBoot: null } } })
})

test('a pipe that breaks leaves nothing behind', async () => {
  async function* breaking() {
    yield Buffer.from('abc')
    throw Object.assign(new Error('gone'), { code: 'EIO' })
  }
  const broken = expect.objectContaining({ code: 'PIPE_NOT_TAKEN', message: expect.stringContaining('EIO') })
  await expect(spool(Readable.from(breaking()))).rejects.toEqual(broken)
  expect(globSync(join(spoolOf(stateDir), '*'))).toEqual([])
})

test('a link in place of the spool is not followed', async () => {
  await mkdir(join(root, 'elsewhere'))
  await symlink(join(root, 'elsewhere'), spoolOf(stateDir))
  await expect(spool(Readable.from([Buffer.from('abc')]))).rejects.toMatchObject({ code: 'PIPE_NOT_TAKEN' })
  expect(globSync(join(root, 'elsewhere/*'))).toEqual([])
})

test.skipIf(process.getuid?.() !== 0)(
  'what the superuser spools belongs to whom the state folder belongs to (needs root)',
  async () => {
    await chown(stateDir, 65_534, 65_534)
    const { release } = await spool(Readable.from([Buffer.from('abc')]))
    release()
    const made = globSync(join(spoolOf(stateDir), '**'))
    expect(made.length).toBe(6)
    for (const path of made) expect({ path, uid: (await stat(path)).uid }).toEqual({ path, uid: 65_534 })
  },
)
