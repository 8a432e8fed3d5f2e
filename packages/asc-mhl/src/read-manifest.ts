import type { DigestAction } from './manifest.ts'
import { readElements } from './read-xml.ts'

export type ListedDigest = { path: string; xxh64: string; action: DigestAction | null }

/**
 * The files of a manifest, whoever wrote it, that have an xxh64; those with other digests only are passed over.
 *
 * @throws AscMhlError `notAscMhl`
 */
export async function* readManifest(pieces: AsyncIterable<string> | Iterable<string>): AsyncGenerator<ListedDigest> {
  let path: string | null = null
  let digest: Omit<ListedDigest, 'path'> | null = null
  for await (const element of readElements(pieces, { namespace: 'urn:ASC:MHL:v2.0', root: 'hashlist' })) {
    const [, group, entry, leaf] = element.path
    if (group !== 'hashes' || entry !== 'hash' || element.path.length > 4) continue
    if (leaf === 'path') path = element.text
    else if (leaf === 'xxh64')
      digest = { xxh64: element.text.trim().toLowerCase(), action: actionOf(element.attributes.get('action')) }
    else if (leaf === undefined) {
      if (path !== null && digest !== null) yield { path, ...digest }
      path = null
      digest = null
    }
  }
}

const actionOf = (text: string | undefined): DigestAction | null =>
  text === 'original' || text === 'verified' || text === 'failed' ? text : null
