import { basename } from 'node:path'
import { mediaTypeOf, unknownMediaType } from './media-type.ts'

/** Names that a file carries only until it is whole; it is looked at again when it is renamed. */
const temporarySuffixes = ['part', 'tmp', 'crdownload']
const temporarySuffix = new RegExp(`\\.(${temporarySuffixes.join('|')})$`, 'i')

export const isTemporaryName = (name: string): boolean => temporarySuffix.test(name)

/** What a file may have been called until it got this name. */
export const temporaryNamesOf = (name: string): string[] =>
  temporarySuffixes.flatMap((suffix) => [`${name}.${suffix}`, `${name}.${suffix.toUpperCase()}`])

/**
 * What a recorder's file will be called as far as its temporary name tells: `A001.mov` of `A001.mov.part`. Null for a name that is not
 * temporary, or that does not tell what is recorded.
 */
export function finalNameOf(name: string): string | null {
  if (!isTemporaryName(name)) return null
  const rest = name.replace(temporarySuffix, '')
  return mediaTypeOf(rest) === unknownMediaType ? null : rest
}

/** What a clip is called, by the name that its file has or will have. */
export const clipNameOf = (path: string): string => basename(finalNameOf(path) ?? path)
