import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AscMhlError,
  isManifestPath,
  type ListedDigest,
  type ManifestFile,
  manifestFileName,
  readManifest,
  writeManifest,
} from '../src/index.ts'
import { aFile, collect, head, text } from './support.ts'

const listed = async (xml: string | string[]): Promise<ListedDigest[]> =>
  collect(readManifest(typeof xml === 'string' ? [xml] : xml))

describe('a manifest', () => {
  it('reads as the specification has it, for one clip of which all is known', async () => {
    const file = aFile({ path: 'Clips/A001 & B<2>.mov', modifiedAt: new Date('2026-11-22T01:00:00.999Z') })
    const notes = () => ({ namespace: 'urn:example', values: [['left-out', '3']] as const })
    expect(
      await text(writeManifest(head({ comment: 'Night "shoot"', ignored: ['.DS_Store'] }), [file], notes)),
    ).toMatchInlineSnapshot(`
        "<?xml version="1.0" encoding="UTF-8"?>
        <hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">
          <creatorinfo>
            <creationdate>2026-11-22T05:00:00+00:00</creationdate>
            <hostname>cart.local</hostname>
            <tool version="0.1.0">rushes</tool>
            <comment>Night &quot;shoot&quot;</comment>
          </creatorinfo>
          <processinfo>
            <process>in-place</process>
            <ignore>
              <pattern>.DS_Store</pattern>
            </ignore>
          </processinfo>
          <hashes>
            <hash>
              <path size="5" creationdate="2026-11-22T00:59:59+00:00" lastmodificationdate="2026-11-22T01:00:00+00:00">Clips/A001 &amp; B&lt;2&gt;.mov</path>
              <xxh64 action="original" hashdate="2026-11-22T02:00:00+00:00">0ea03b369a463d9d</xxh64>
            </hash>
          </hashes>
          <metadata xmlns:n="urn:example">
            <n:left-out>3</n:left-out>
          </metadata>
        </hashlist>
        "
      `)
  })

  it('has no list of hashes, which may not be empty, when there is no file', async () => {
    expect(await text(writeManifest(head(), []))).not.toContain('hashes')
  })

  it('gives back every path that it can write, in whatever script, and in whatever pieces it is read', async () => {
    const segment = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })
    const paths = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'))
    await fc.assert(
      fc.asyncProperty(fc.array(paths.filter(isManifestPath), { maxLength: 5 }), fc.nat(40), async (given, cut) => {
        const xml = await text(
          writeManifest(
            head(),
            given.map((path) => aFile({ path })),
          ),
        )
        const found = await listed([xml.slice(0, cut), xml.slice(cut, cut + 400), xml.slice(cut + 400)])
        expect(found.map((file) => file.path)).toEqual(given)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['an absolute path', '/etc/passwd'],
    ['a path out of the folder', 'Clips/../../secret'],
    ['an empty path', ''],
    ['an empty segment', 'a//b'],
    ['a control character, which XML cannot hold', 'a\u0001b'],
    ['a NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('refuses %s', async (_, path) => {
    expect(isManifestPath(path)).toBe(false)
    const written = text(writeManifest(head(), [aFile({ path })]))
    await expect(written).rejects.toMatchObject({ code: 'pathUnusable' })
  })

  it('keeps a tab, a line break and a carriage return of a name as they are', async () => {
    const path = 'a\tb\nc\rd'
    expect(await listed(await text(writeManifest(head(), [aFile({ path })])))).toMatchObject([{ path }])
  })

  it('leaves a date out that XML Schema cannot write: of a clock that is millennia off', async () => {
    const xml = await text(writeManifest(head(), [aFile({ createdAt: new Date('+012026-01-01T00:00:00Z') })]))
    expect(xml).toContain('<path size="5">')
    expect(await text(writeManifest(head(), [aFile({ createdAt: new Date('-000001-01-01T00:00:00Z') })]))).toBe(xml)
  })

  it('asks for the next file only when its reader wants it, and holds none', async () => {
    let asked = 0
    const files = function* (): Generator<ManifestFile> {
      for (; ; asked += 1) yield aFile({ path: `clip-${asked}` })
    }
    const pieces = writeManifest(head(), files())
    for (let piece = 0; piece < 4; piece += 1) await pieces.next()
    await pieces.return(undefined)
    expect(asked).toBe(2)
  })

  it('is named by generation, folder and time in UTC', () => {
    expect(manifestFileName(12, 'A002R2EC', new Date('2020-01-16T09:15:00Z'))).toBe(
      '0012_A002R2EC_2020-01-16_091500Z.mhl',
    )
  })
})

describe('reading a manifest of somebody else', () => {
  it('passes over directories, other digests and what is about other things', async () => {
    const xml = `<?xml version="1.0"?><m:hashlist version="2.0" xmlns:m="urn:ASC:MHL:v2.0"><m:hashes>
      <m:hash><m:path size="1">a.mov</m:path><m:c4>c4x</m:c4></m:hash>
      <m:hash><m:path>b&#x26;.mov</m:path><m:xxh64 action="failed">0EA03B369A463D9D</m:xxh64><m:metadata><m:path>no</m:path></m:metadata></m:hash>
      <m:directoryhash><m:path>Clips</m:path><m:content><m:xxh64>8d02114c32e28cbe</m:xxh64></m:content></m:directoryhash>
      </m:hashes></m:hashlist>`
    expect(await listed(xml)).toEqual([{ path: 'b&.mov', xxh64: '0ea03b369a463d9d', action: 'failed' }])
  })

  it.each([
    ['no XML', 'hello'],
    ['nothing', ''],
    ['an end that is missing', '<hashlist xmlns="urn:ASC:MHL:v2.0"><hashes>'],
    ['another document', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['the first version of MHL', '<hashlist version="1.1"/>'],
    [
      'a document type with entities',
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><hashlist xmlns="urn:ASC:MHL:v2.0"/>',
    ],
    ['an entity that nobody declared', '<hashlist xmlns="urn:ASC:MHL:v2.0">&secret;</hashlist>'],
  ])('refuses %s', async (_, xml) => {
    await expect(listed(xml)).rejects.toThrow(AscMhlError)
    await expect(listed(xml)).rejects.toMatchObject({ code: 'notAscMhl' })
  })
})
