import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { readChain, readManifest } from '@rushes/asc-mhl'
import { afterEach, describe, expect, test } from 'vitest'
import { hashBytes } from '../../src/xxh64.ts'
import { type Device, endAll, startDevice } from './agent-process.ts'
import { type Clip, writeClip } from './clips.ts'
import { changeStored, readStored } from './stored-queue.ts'

afterEach(endAll)

const mebibyte = 1024 * 1024

/** A card with three clips that have all arrived, and an agent that has ended. */
async function uploadedCard(workers: number): Promise<{ device: Device; clips: readonly [Clip, Clip, Clip] }> {
  const device = await startDevice({ settings: { workers } })
  const clips = [
    await writeClip(device.watchDir, 'A001.mov', 70_000),
    await writeClip(device.watchDir, 'DAY 1/ä & b.mxf', 23 * mebibyte),
    await writeClip(device.watchDir, 'DAY 1/C001.wav', 1_000),
  ] as const
  const agent = await device.start()
  const isDone = ({ state, xxh64 }: { state: string; xxh64: string | null }) => state === 'verified' && xxh64 !== null
  await device.until((uploads) => uploads.length === 3 && uploads.every(isDone), 'all verified, with their digests')
  await agent.terminate()
  return { device, clips }
}

const historyOf = async (dir: string) => (await readdir(join(dir, 'ascmhl'))).toSorted()

/** `action xxh64` by path. */
async function listed(dir: string, fileName: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { path, action, xxh64 } of readManifest([await readFile(join(dir, 'ascmhl', fileName), 'utf8')]))
    found[path] = `${action} ${xxh64}`
  return found
}

const manifest = (device: Device, dir = device.watchDir) => device.cli('manifest', dir)
const counts = (finished: { lines: unknown[] }) => (finished.lines[0] as { counts: Record<string, number> }).counts

describe.each([1, 4])('the digests of whole clips, with %i parts at once,', (workers) => {
  test('are kept and shown once the clips are home', async () => {
    const { device, clips } = await uploadedCard(workers)
    const shown = await device.list()
    for (const { path, bytes } of clips)
      expect(shown.find((upload) => upload.path === path)?.xxh64).toBe(hashBytes(bytes))
    const reread = readStored<{ path: string }>(
      device.stateDir,
      'SELECT f.path FROM uploads u JOIN files f ON f.id = u.file_id WHERE u.digest_attempts > 0',
    )
    // One after the other they give the digest as they leave; what left side by side is read once more.
    expect(reread.length).toBeLessThanOrEqual(workers === 1 ? 0 : 1)
    const [one] = (await device.cli('show', shown[0]?.id ?? '')).lines as { parts: { error: unknown }[] }[]
    expect(one?.parts.every(({ error }) => error === null)).toBe(true)
  })
})

describe('rushes-agent manifest', () => {
  test('lists the clips below a folder with the digests of what was sent, without reading them again', async () => {
    const { device, clips } = await uploadedCard(1)
    const finished = await manifest(device)
    expect(finished).toMatchObject({ code: 0 })
    expect(counts(finished)).toMatchObject({ original: 3, verified: 0, failed: 0, read: 0 })
    const [name = '', chainName] = await historyOf(device.watchDir)
    expect(chainName).toBe('ascmhl_chain.xml')
    expect(await listed(device.watchDir, name)).toEqual({
      'A001.mov': `original ${hashBytes(clips[0].bytes)}`,
      'DAY 1/ä & b.mxf': `original ${hashBytes(clips[1].bytes)}`,
      'DAY 1/C001.wav': `original ${hashBytes(clips[2].bytes)}`,
    })
  })

  test('reads every clip that is listed already and adds a generation', async () => {
    const { device } = await uploadedCard(4)
    await manifest(device)
    const finished = await manifest(device)
    expect(finished).toMatchObject({ code: 0 })
    expect(counts(finished)).toMatchObject({ original: 0, verified: 3, failed: 0, read: 3 })
    const chain = await readChain(await readFile(join(device.watchDir, 'ascmhl', 'ascmhl_chain.xml'), 'utf8'))
    expect(chain.map(({ number }) => number)).toEqual([1, 2])
  })

  test('names a clip that is not as it was sent and calls it failed, also in the first manifest', async () => {
    const { device, clips } = await uploadedCard(4)
    await writeFile(clips[0].path, 'somebody has written here since')
    await rm(clips[2].path)
    const finished = await manifest(device)
    expect(finished.code).toBe(1)
    expect(finished.lines[0]).toMatchObject({
      differing: [clips[0].path],
      counts: { original: 1, failed: 1, missing: 1 },
    })
    const [name = ''] = await historyOf(device.watchDir)
    const action = `failed ${hashBytes(Buffer.from('somebody has written here since'))}`
    expect(await listed(device.watchDir, name)).toMatchObject({ 'A001.mov': action })
  })

  test('lists what was uploaded alone, and says how many of the folder were not', async () => {
    const { device } = await uploadedCard(4)
    changeStored(
      device.stateDir,
      "UPDATE uploads SET state = 'held', reason = 'heldByOperator' WHERE name = 'C001.wav'",
    )
    const finished = await manifest(device)
    expect(counts(finished)).toMatchObject({ original: 2, notUploaded: 1 })
    const [name = ''] = await historyOf(device.watchDir)
    const paths = Object.keys(await listed(device.watchDir, name))
    expect(paths.toSorted()).toEqual(['A001.mov', 'DAY 1/ä & b.mxf'])
    expect(await readFile(join(device.watchDir, 'ascmhl', name), 'utf8')).toContain('left-out-not-uploaded')
  })

  test('reads a clip whose digest is not known, and takes only what lies below the folder', async () => {
    const { device, clips } = await uploadedCard(4)
    changeStored(device.stateDir, 'UPDATE uploads SET file_xxh64 = NULL')
    const finished = await manifest(device, join(device.watchDir, 'DAY 1'))
    expect(counts(finished)).toMatchObject({ original: 2, read: 2 })
    const [name = ''] = await historyOf(join(device.watchDir, 'DAY 1'))
    expect(await listed(join(device.watchDir, 'DAY 1'), name)).toMatchObject({
      'C001.wav': `original ${hashBytes(clips[2].bytes)}`,
    })
  })

  test('refuses to go on with a history that somebody has changed, and a folder of which it has nothing', async () => {
    const { device } = await uploadedCard(4)
    await manifest(device)
    const [name = ''] = await historyOf(device.watchDir)
    await writeFile(join(device.watchDir, 'ascmhl', name), 'not what was written')
    const refused = await manifest(device)
    expect(refused.code).toBe(1)
    expect(await historyOf(device.watchDir)).toHaveLength(2)
    expect((await manifest(device, device.stateDir)).code).toBe(1)
    expect(existsSync(join(device.stateDir, 'ascmhl'))).toBe(false)
  })

  test.skipIf(!canValidate())('writes what the schemas that ASC publishes call valid', async () => {
    const { device } = await uploadedCard(4)
    await manifest(device)
    await manifest(device)
    const names = await historyOf(device.watchDir)
    expect(names).toHaveLength(3)
    for (const name of names) await validate(join(device.watchDir, 'ascmhl', name))
  })
})

/** The published schemas, in a folder beside the checkout or the one of RUSHES_ASC_MHL_DIR. */
function publishedDir(): string {
  return process.env.RUSHES_ASC_MHL_DIR ?? fileURLToPath(new URL('../../../../../shared/data/asc-mhl', import.meta.url))
}

function canValidate(): boolean {
  try {
    execFileSync('xmllint', ['-version'], { stdio: 'ignore' })
    return existsSync(join(publishedDir(), 'ASCMHL.xsd'))
  } catch {
    return false
  }
}

async function validate(path: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-schemas-'))
  const schema = join(publishedDir(), path.endsWith('.mhl') ? 'ASCMHL.xsd' : 'ASCMHLDirectory.xsd')
  const address = 'https://raw.githubusercontent.com/ascmitc/mhl/master/xsd/ASCMHL.xsd'
  const uri = pathToFileURL(join(publishedDir(), 'ASCMHL.xsd')).href
  const catalog = join(dir, 'catalog.xml')
  const namespace = 'urn:oasis:names:tc:entity:xmlns:xml:catalog'
  try {
    await writeFile(catalog, `<catalog xmlns="${namespace}"><system systemId="${address}" uri="${uri}"/></catalog>`)
    const env = { ...process.env, XML_CATALOG_FILES: catalog }
    execFileSync('xmllint', ['--nonet', '--noout', '--schema', schema, path], { env, stdio: 'pipe' })
  } finally {
    await rm(dir, { recursive: true })
  }
}
