/**
 * Where a browser is sent for the bytes of clips: the origin of a bucket's signed addresses. Null for a store in a folder, whose
 * bytes come from this origin, and for what is no store at all; ingest says so at its start.
 */
export function storeOriginOf(objectStoreUrl: string, defaultRegion: string): string | null {
  const url = URL.parse(objectStoreUrl)
  if (url?.protocol !== 's3:') return null
  const endpoint = url.searchParams.get('endpoint')
  if (endpoint !== null) return originOf(endpoint)
  const host = `s3.${url.searchParams.get('region') ?? defaultRegion}.amazonaws.com`
  // No certificate fits a bucket's own host when there are dots in its name.
  return originOf(url.hostname.includes('.') ? `https://${host}` : `https://${url.hostname}.${host}`)
}

/** Only a plain origin: it stands in a header, where a stray character would end one rule and begin another. */
function originOf(text: string): string | null {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && /^[a-z0-9.:[\]-]+$/i.test(url.host) ? url.origin : null
}
