/**
 * Whether If-None-Match names what the client would get (RFC 9110 §13.1.2): then 304 is the answer. Of a list any entry
 * counts, weak ones too, and `*` stands for whatever there is.
 */
export function isKnownByClient(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((entry) => {
    const tag = entry.trim()
    return tag === '*' || tag.replace(/^W\//, '') === etag
  })
}
