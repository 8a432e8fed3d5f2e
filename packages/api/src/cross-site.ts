/**
 * Why a request that may change something is not answered: cookies ride along with requests that any page on the web can
 * send. Null: it may go on. Two independent checks: a JSON body, which another origin cannot send without asking first, and
 * the `Origin`, which must be this site's own (missing counts as foreign).
 */
export function crossSiteRefusal(request: Request, publicUrl: string): { status: 403 | 415; message: string } | null {
  if (request.method === 'GET' || request.method === 'HEAD') return null
  const contentType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (contentType !== 'application/json') return { status: 415, message: 'Send content-type: application/json.' }
  return isOwnOrigin(request.headers, publicUrl)
    ? null
    : { status: 403, message: 'This request came from another site.' }
}

/**
 * Whether the `Origin` of a request is this site: the public origin, or the very host that the request was sent to (the same
 * machine reached by another name). Cookies belong to one host, so no other site's page can make the two coincide with a
 * cookie of ours attached.
 */
export function isOwnOrigin(headers: Headers, publicUrl: string): boolean {
  const origin = headers.get('origin')
  if (origin === null || !URL.canParse(origin)) return false
  return origin === new URL(publicUrl).origin || new URL(origin).host === headers.get('host')
}
