import { AscMhlError } from './asc-mhl-error.ts'

/**
 * What XML 1.0 cannot hold in any form, not even as a reference: everything outside of its production `Char`. That is most
 * controls, which a file name on Linux can have, and half of a surrogate pair.
 */
const unwritable = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Whether this text can stand in an XML document at all. */
export const isXmlText = (text: string): boolean => !unwritable.test(text)

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A reader turns a bare CR into LF everywhere, and all three into spaces within an attribute.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/**
 * Text as it stands between tags or within double quotes: what a reader gives back is what went in.
 *
 * @throws AscMhlError `textUnwritable`
 */
export function escapeXml(text: string): string {
  if (!isXmlText(text)) throw new AscMhlError('textUnwritable', 'XML cannot hold one of the characters of this text')
  return text.replace(/[&<>"\t\n\r]/g, (character) => references[character] ?? character)
}
