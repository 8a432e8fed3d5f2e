import type { IncomingHttpHeaders } from 'node:http'

/**
 * Why a page of another site may not look on, as far as the browser tells: cookies ride along with requests that any page can
 * make. A page of ours sends no `Origin` with a GET, or the exact one; `Sec-Fetch-Site` says the rest. Null: it may.
 */
export function crossSiteLook(headers: IncomingHttpHeaders, publicUrl: string): string | null {
  const { origin } = headers
  if (origin !== undefined && origin !== new URL(publicUrl).origin) {
    return `Only pages of ${new URL(publicUrl).origin} may read this (RUSHES_PUBLIC_URL)`
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'Another site may not read this'
  return null
}
