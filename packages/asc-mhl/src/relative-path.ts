import { isXmlText } from './xml-text.ts'

/**
 * Whether a path can stand in a manifest: relative to the folder that the manifest is of, `/` between its segments, and
 * writable in XML.
 */
export function isManifestPath(path: string): boolean {
  return isXmlText(path) && path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}
