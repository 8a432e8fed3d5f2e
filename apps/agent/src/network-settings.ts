import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import tls from 'node:tls'
import { AgentError, errorCode } from './agent-error.ts'

export type ProxySettings = { httpProxy: string; httpsProxy: string; noProxy: string }

/**
 * Trusts, besides the usual authorities, those of the operating system and those in `caFile` (PEM): networks that look into what passes
 * have their own. Holds for everything that this process connects to from now on. Throws `CONFIG_INVALID`.
 */
export function trustAuthorities(caFile: string | null): void {
  const known = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')]
  try {
    const own = caFile === null ? [] : [readFileSync(caFile, 'utf8')]
    for (const pem of own) new X509Certificate(pem)
    tls.setDefaultCACertificates([...known, ...own])
  } catch (cause) {
    throw new AgentError(
      'CONFIG_INVALID',
      `cannot use the certificates of ${caFile} (${errorCode(cause)})`,
      'caFile names a PEM file with the certificates of authorities to trust.',
      cause,
    )
  }
}

/** Lets the control link go through the proxy; the upload link has a dispatcher of its own. */
export function proxyControlLink({ httpProxy, httpsProxy, noProxy }: ProxySettings): void {
  if (httpProxy === '' && httpsProxy === '') return
  http.setGlobalProxyFromEnv({ HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy })
}
