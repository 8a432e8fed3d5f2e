import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { c4FromSha512, readChain, readManifest, writeChain, writeManifest } from '../src/index.ts'
import { aFile, collect, head, text } from './support.ts'

/**
 * The schemas and examples that ASC publishes, in a folder beside the checkout or the one of RUSHES_ASC_MHL_DIR. They are not
 * part of this repository.
 */
const publishedDir =
  process.env.RUSHES_ASC_MHL_DIR ?? fileURLToPath(new URL('../../../../shared/data/asc-mhl', import.meta.url))

const hasXmllint = (() => {
  try {
    execFileSync('xmllint', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()
const canValidate = hasXmllint && existsSync(join(publishedDir, 'ASCMHL.xsd'))

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes-asc-mhl-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** Throws with what xmllint says when a document is not valid. */
function validate(path: string, schema: 'ASCMHL.xsd' | 'ASCMHLDirectory.xsd'): void {
  // The schema of the chain file imports the other one from the web; a catalog says that it lies here.
  execFileSync('xmllint', ['--nonet', '--noout', '--schema', join(publishedDir, schema), path], {
    env: { ...process.env, XML_CATALOG_FILES: join(dir, 'catalog.xml') },
    stdio: 'pipe',
  })
}

describe.skipIf(!canValidate)('against the schemas that ASC publishes', () => {
  beforeAll(() =>
    writeFile(
      join(dir, 'catalog.xml'),
      `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"><system
        systemId="https://raw.githubusercontent.com/ascmitc/mhl/master/xsd/ASCMHL.xsd"
        uri="${pathToFileURL(join(publishedDir, 'ASCMHL.xsd')).href}"/></catalog>`,
    ),
  )

  const difficult = ['a & b <c> "d" \'e\'.mov', 'Ωμέγα/映像 🎬.mxf', 'tab\tline\nreturn\r.wav', ' spaces  inside ']
  it.each([
    ['no file', head(), []],
    ['one file of which little is known', head(), [aFile({ createdAt: null })]],
    ['names that have to be escaped', head({ comment: '<&>"' }), difficult.map((path) => aFile({ path }))],
    [
      'a later generation',
      head({ process: 'flatten', ignored: ['.DS_Store', 'ascmhl/'] }),
      (['original', 'verified', 'failed'] as const).map((action) => aFile({ path: action, action })),
    ],
  ])('a manifest with %s is valid', async (_, given, files) => {
    const path = join(dir, 'manifest.mhl')
    const notes = () => ({ namespace: 'urn:example', values: [['clips-left-out', '1']] as const })
    await writeFile(path, await text(writeManifest(given, files, notes)))
    validate(path, 'ASCMHL.xsd')
  })

  it('a manifest that says what the schema does not know is not valid', async () => {
    const path = join(dir, 'wrong.mhl')
    const xml = await text(writeManifest(head(), [aFile()]))
    await writeFile(path, xml.replace('action="original"', 'action="guessed"'))
    expect(() => validate(path, 'ASCMHL.xsd')).toThrow(/guessed/)
  })

  it('a chain file of several generations is valid', async () => {
    const path = join(dir, 'ascmhl_chain.xml')
    const c4 = c4FromSha512(createHash('sha512').update('a').digest())
    await writeFile(path, writeChain([1, 2].map((number) => ({ number, fileName: `000${number}_<&>.mhl`, c4 }))))
    validate(path, 'ASCMHLDirectory.xsd')
  })

  it('the published examples are read: their digests, their chains, and the C4 that the one names of the other', async () => {
    const names = (await readdir(publishedDir)).filter((name) => name.endsWith('.mhl'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) {
      const listed = await collect(readManifest([await readFile(join(publishedDir, name), 'utf8')]))
      expect(listed.map(({ path, xxh64 }) => [path, xxh64])).toContainEqual([
        'Clips/A002C006_141024_R2EC.mov',
        '0ea03b369a463d9d',
      ])
    }
    const chain = await readChain(await readFile(join(publishedDir, 'scenario_02_chain.xml'), 'utf8'))
    const first = await readFile(join(publishedDir, 'scenario_02_0001.mhl'))
    expect(chain.map(({ number }) => number)).toEqual([1, 2])
    expect(chain[0]?.c4).toBe(c4FromSha512(createHash('sha512').update(first).digest()))
  })
})
