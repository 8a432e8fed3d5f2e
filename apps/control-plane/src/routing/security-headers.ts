/**
 * What every page of ours is sent with. Scripts run only with the nonce of their response; style elements likewise, while
 * style attributes are allowed, because the measures of rows and bars are set by them.
 */
export function contentSecurityPolicy(nonce: string, isHttps: boolean, storeOrigin: string | null): string {
  // Clips in a bucket are played from there: a redirect is held against these rules too.
  const clips = storeOrigin === null ? "'self'" : `'self' ${storeOrigin}`
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    `img-src ${clips} data: blob:`,
    "font-src 'self'",
    `media-src ${clips}`,
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(isHttps ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
}

/** The headers that need no nonce and go with every answer of ours. */
export const plainSecurityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}
