/**
 * The address inside that answers a path of the public origin; null for what the control plane answers itself. `/agent` and
 * `/live` are the gateway's, what lies below a clip is ingest's; the page of a clip, `/clips/<id>`, stays here.
 */
export function upstreamOf(
  path: string,
  query: string,
  targets: { gatewayUrl: string; ingestUrl: string },
): URL | null {
  const base = baseOf(path, targets)
  if (base === null) return null
  // Joined as text, not resolved: a path such as `//evil.example` must not choose the host.
  const url = new URL(base)
  url.pathname = path
  url.search = query
  return url
}

function baseOf(path: string, { gatewayUrl, ingestUrl }: { gatewayUrl: string; ingestUrl: string }): string | null {
  if (path === '/agent' || path === '/live' || path.startsWith('/live/')) return gatewayUrl
  return /^\/clips\/[^/]+\/./.test(path) ? ingestUrl : null
}
