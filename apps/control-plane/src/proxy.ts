import { type NextRequest, NextResponse } from 'next/server'
import { config as settings } from './config.ts'
import { contentSecurityPolicy, plainSecurityHeaders } from './routing/security-headers.ts'
import { upstreamOf } from './routing/upstream.ts'

/** Hands `/agent`, `/live` and the bytes of clips on to the programs that answer them, and guards every page with its headers. */
export function proxy(request: NextRequest): NextResponse {
  const upstream = upstreamOf(request.nextUrl.pathname, request.nextUrl.search, settings())
  if (upstream !== null) return NextResponse.rewrite(upstream)

  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const { publicUrl, storeOrigin } = settings()
  const policy = contentSecurityPolicy(nonce, publicUrl.startsWith('https:'), storeOrigin)
  const headers = new Headers(request.headers)
  // Next reads the nonce of its own scripts from here.
  headers.set('content-security-policy', policy)
  headers.set('x-nonce', nonce)
  headers.set('x-path', request.nextUrl.pathname + request.nextUrl.search)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  for (const [name, value] of Object.entries(plainSecurityHeaders)) response.headers.set(name, value)
  return response
}

export const config = {
  // Built files carry no cookies and no secrets; everything else passes here.
  matcher: ['/((?!_next/static|_next/image|favicon.ico|icon.svg).*)'],
}
