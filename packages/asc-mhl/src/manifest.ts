import { AscMhlError } from './asc-mhl-error.ts'
import { xmlInstant } from './instant.ts'
import { isManifestPath } from './relative-path.ts'
import { escapeXml } from './xml-text.ts'

/** What a manifest says of itself. */
export type ManifestHead = {
  createdAt: Date
  hostname: string
  tool: { name: string; version: string }
  /** For people: of what it is, and what was left out by design. */
  comment: string | null
  /**
   * `in-place`: of files where they lie. `transfer`: made while they were copied. `flatten`: put together from other
   * manifests.
   */
  process: 'in-place' | 'transfer' | 'flatten'
  /** Patterns, as in `.gitignore`, of what was not looked at. */
  ignored: readonly string[]
}

/**
 * `original`: the first digest of this file in the history that the manifest belongs to. `verified` and `failed`: equal to,
 * or other than, that of an earlier generation.
 */
export type DigestAction = 'original' | 'verified' | 'failed'

/** A file with its digest. */
export type ManifestFile = {
  /** Relative to the folder that the manifest is of, `/` between segments. See `isManifestPath`. */
  path: string
  sizeBytes: number
  createdAt: Date | null
  modifiedAt: Date | null
  /** 16 lower-case hexadecimal digits, big-endian. */
  xxh64: string
  action: DigestAction
  /** When the bytes were read. */
  digestedAt: Date
}

/** Names and numbers about the whole, kept at its end in the order given. */
export type ManifestNotes = { namespace: string; values: readonly (readonly [name: string, value: string])[] }

/**
 * The XML of a manifest (ASC MHL 2.0, `urn:ASC:MHL:v2.0`), piece by piece: however many files it lists, only one is held. The
 * same arguments give the same text.
 *
 * @param notes asked once the last file is written, so it may count them
 * @throws AscMhlError `textUnwritable`, `pathUnusable`
 */
export async function* writeManifest(
  head: ManifestHead,
  files: AsyncIterable<ManifestFile> | Iterable<ManifestFile>,
  notes: () => ManifestNotes | null = () => null,
): AsyncGenerator<string> {
  yield headXml(head)
  let isOpen = false
  for await (const file of files) {
    // An empty `hashes` is not valid; without any file there is none.
    yield isOpen ? fileXml(file) : `  <hashes>\n${fileXml(file)}`
    isOpen = true
  }
  yield `${isOpen ? '  </hashes>\n' : ''}${notesXml(notes())}</hashlist>\n`
}

function headXml(head: ManifestHead): string {
  const createdAt = xmlInstant(head.createdAt)
  if (createdAt === null)
    throw new AscMhlError('textUnwritable', 'a manifest cannot be made outside the years 1 to 9999')
  const comment = head.comment === null ? '' : `    <comment>${escapeXml(head.comment)}</comment>\n`
  const ignored = head.ignored.map((pattern) => `      <pattern>${escapeXml(pattern)}</pattern>\n`).join('')
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">\n  <creatorinfo>\n` +
    `    <creationdate>${createdAt}</creationdate>\n    <hostname>${escapeXml(head.hostname)}</hostname>\n` +
    `    <tool version="${escapeXml(head.tool.version)}">${escapeXml(head.tool.name)}</tool>\n${comment}  </creatorinfo>\n` +
    `  <processinfo>\n    <process>${head.process}</process>\n` +
    `${ignored === '' ? '' : `    <ignore>\n${ignored}    </ignore>\n`}  </processinfo>\n`
  )
}

function fileXml(file: ManifestFile): string {
  if (!isManifestPath(file.path))
    throw new AscMhlError('pathUnusable', 'a path of a manifest is relative, without `..`, and can be written in XML')
  const attributes = [
    ['size', String(file.sizeBytes)],
    ['creationdate', file.createdAt === null ? null : xmlInstant(file.createdAt)],
    ['lastmodificationdate', file.modifiedAt === null ? null : xmlInstant(file.modifiedAt)],
  ]
    .map(([name, value]) => (value === null ? '' : ` ${name}="${value}"`))
    .join('')
  const hashdate = xmlInstant(file.digestedAt)
  return (
    `    <hash>\n      <path${attributes}>${escapeXml(file.path)}</path>\n` +
    `      <xxh64 action="${file.action}"${hashdate === null ? '' : ` hashdate="${hashdate}"`}>${escapeXml(file.xxh64)}</xxh64>\n` +
    `    </hash>\n`
  )
}

function notesXml(notes: ManifestNotes | null): string {
  if (notes === null) return ''
  const values = notes.values.map(([name, value]) => `    <n:${name}>${escapeXml(value)}</n:${name}>\n`).join('')
  return `  <metadata xmlns:n="${escapeXml(notes.namespace)}">\n${values}  </metadata>\n`
}
