import { errorCode } from '../agent-error.ts'
import type { NetworkClass, NetworkFailure } from './port.ts'

const classes: Record<string, NetworkClass> = {
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  EAI_FAIL: 'name',
  EAI_NODATA: 'name',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  INSECURE_ADDRESS: 'insecure',
  UND_ERR_HEADERS_OVERFLOW: 'protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'protocol',
}

export function networkClass(code: string): NetworkClass {
  const known = classes[code]
  if (known !== undefined) return known
  if (/^(CERT_|ERR_TLS_|ERR_SSL_)/.test(code) || code === 'EPROTO') return 'tls'
  return code.startsWith('HPE_') ? 'protocol' : 'other'
}

/** Of what an HTTP request was rejected with. Takes only codes: messages may quote addresses. Throws again what is a bug of ours. */
export function networkFailure(error: unknown): NetworkFailure {
  const code = codeOf(error)
  const isBug = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  if (isBug && code === 'UNKNOWN') throw error
  return networkFailureOf(code, error instanceof Error && 'syscall' in error && error.syscall === 'connect')
}

/** What is no HTTP has a code of its parser, but not always. */
function codeOf(error: unknown): string {
  const code = errorCode(error)
  return code === 'UNKNOWN' && error instanceof Error && error.name === 'HTTPParserError' ? 'HPE_INVALID' : code
}

function networkFailureOf(code: string, whileConnecting = false): NetworkFailure {
  const requestSent = !(whileConnecting || neverConnected.has(networkClass(code)) || isConnectCode(code))
  return { kind: 'network', code, class: networkClass(code), requestSent }
}

/** Without a name, a listener or a permission nothing was sent. A route or an encryption may also break under a request on its way. */
const neverConnected = new Set<NetworkClass>(['name', 'refused', 'insecure'])

/** No connection in time, or a certificate that is not trusted: both come before the first byte of a request. */
function isConnectCode(code: string): boolean {
  return code === 'UND_ERR_CONNECT_TIMEOUT' || (networkClass(code) === 'tls' && !/^(EPROTO|ERR_SSL_)/.test(code))
}

/** For an address that this agent does not send to. */
export const insecureAddress: NetworkFailure = networkFailureOf('INSECURE_ADDRESS')
