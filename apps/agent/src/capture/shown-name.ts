import { isUtf8 } from 'node:buffer'

/** Longest path that the system calls take, with its closing zero (Linux PATH_MAX; macOS takes 1,024 and says so itself). */
const maxPathBytes = 4095

/** A name as a string that leads back to the same bytes; `usable: false` when none does, with a spelling that is for showing only. */
export function decodeName(bytes: Buffer): { usable: true; name: string } | { usable: false; shown: string } {
  if (isUtf8(bytes)) return { usable: true, name: bytes.toString('utf8') }
  return { usable: false, shown: showBytes(bytes) }
}

/** Whether the system can open this absolute path at all. */
export function fitsSystem(absolutePath: string): boolean {
  // A UTF-16 code unit takes at most three bytes, so that most paths need no counting.
  return absolutePath.length * 3 <= maxPathBytes || Buffer.byteLength(absolutePath) <= maxPathBytes
}

/** Keeps what is UTF-8 and writes every other byte as `\xNN`. */
function showBytes(bytes: Buffer): string {
  let shown = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= bytes.length && isUtf8(bytes.subarray(at, at + size)))
    shown += length === undefined ? `\\x${bytes.toString('hex', at, at + 1)}` : bytes.toString('utf8', at, at + length)
    at += length ?? 1
  }
  return shown
}
