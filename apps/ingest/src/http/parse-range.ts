/** A stretch of bytes from `start` up to, and without, `end`. */
export type ByteRange = { start: number; end: number }

/**
 * Reads a Range header (RFC 9110 §14). What is not one range of bytes is as good as no header, which the RFC allows: many
 * ranges at once would multiply what a request costs. A range that begins beyond the end, or any of an empty object, cannot be
 * satisfied. Numbers of any length are read; those beyond 2^53 lose precision where no object reaches.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'all' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '')
  if (match === null) return 'all'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'all'
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || sizeBytes === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, sizeBytes - suffix), end: sizeBytes }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'all'
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1) }
}
