export type ProxiedRequest = {
  readonly method: string
  /** Path and query, as the client sent them. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Which requests are meant; what is left out matches all. A text matches a path that begins with it. */
export type RequestPattern = { method?: string; path?: string | RegExp } | ((request: ProxiedRequest) => boolean)

export function matchesPattern(pattern: RequestPattern, request: ProxiedRequest): boolean {
  if (typeof pattern === 'function') return pattern(request)
  if (pattern.method !== undefined && pattern.method !== request.method) return false
  if (pattern.path === undefined) return true
  return typeof pattern.path === 'string' ? request.path.startsWith(pattern.path) : pattern.path.test(request.path)
}
