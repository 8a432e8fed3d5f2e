/** A stretch of bytes from `start` up to, and without, `end`. */
export type ByteRange = { start: number; end: number }

/**
 * Reads a Range header (RFC 9110 §14). What is not one range of bytes is as good as no header, which the RFC allows; a range
 * that begins beyond the end cannot be satisfied.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'all' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (match === null) return 'all'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'all'
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 ? 'unsatisfiable' : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'all'
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) }
}
