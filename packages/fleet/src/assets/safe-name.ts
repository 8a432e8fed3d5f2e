/** The longest file name that common file systems take is 255 bytes; the rest is room for ` (2)` and the like. */
const maxNameBytes = 240
const maxExtensionBytes = 32

/**
 * A name that is one plain path segment on Linux, macOS and Windows alike, for a name that anybody may have sent. Letters of
 * every script stay; what could leave the folder, hide, spoof or break a terminal becomes `_`.
 */
export function safeName(name: string): string {
  const plain = name
    .toWellFormed()
    .normalize('NFC')
    // Controls, and what one of the three systems gives a meaning; then the marks that reverse the reading direction.
    .replace(/[\p{Cc}/\\:*?"<>|]/gu, '_')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, '')
    .trim()
    .replace(/^\.+/, (dots) => '_'.repeat(dots.length))
    .replace(/[. ]+$/, '')
  if (plain === '') return 'unnamed'
  // Windows takes what follows a dot or a blank for no part of such a name.
  const isReserved = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i.test(plain)
  return shorten(isReserved ? `_${plain}` : plain)
}

/** The name of the n-th file that wants this name: `clip.mp4`, `clip (2).mp4`, `clip (3).mp4` … */
export function numberedName(name: string, nth: number): string {
  if (nth <= 1) return name
  const { stem, extension } = split(name)
  return `${stem} (${nth})${extension}`
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name
  const { stem, extension } = split(name)
  const kept = Buffer.byteLength(extension) <= maxExtensionBytes ? extension : ''
  let room = maxNameBytes - Buffer.byteLength(kept)
  let short = ''
  for (const character of kept === '' ? name : stem) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    short += character
  }
  // Where the cut falls, a dot or a blank must not become the end of the name.
  return `${kept === '' ? short.replace(/[. ]+$/, '') : short.trimEnd()}${kept}`
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? { stem: name, extension: '' } : { stem: name.slice(0, dot), extension: name.slice(dot) }
}
