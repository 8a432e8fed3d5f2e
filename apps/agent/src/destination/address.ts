import { AgentError } from '../agent-error.ts'

export type CheckedAddress = { kind: 'usable'; url: URL } | { kind: 'refused'; why: 'malformed' | 'insecure' }

/** `https:` anywhere; `http:` to this machine, or anywhere when that was allowed. */
export function checkAddress(address: string, allowInsecure: boolean): CheckedAddress {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return { kind: 'refused', why: 'malformed' }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname))
    return { kind: 'refused', why: 'insecure' }
  return { kind: 'usable', url }
}

/** As `checkAddress`, for an address that a person or a pairing named. Throws `AgentError` `PLAIN_HTTP_REFUSED` or `MISUSE`. */
export function requireAddress(address: string, allowInsecure: boolean): URL {
  const checked = checkAddress(address, allowInsecure)
  if (checked.kind === 'usable') return checked.url
  if (checked.why === 'insecure')
    throw new AgentError(
      'PLAIN_HTTP_REFUSED',
      `${URL.parse(address)?.origin ?? 'The address'} is not encrypted`,
      'Pair with an https: address; on a network that you trust, give --insecure to this command and to the agent that runs.',
    )
  // The text itself may hold a password, so it is not repeated.
  throw new AgentError(
    'MISUSE',
    'The address of the server is not a usable web address',
    'Give it as https://host or https://host:port, without a user name or password.',
  )
}

/** Whether whoever answers there is who was meant: TLS proves it, and this machine is nobody else. */
export const isProven = (url: URL): boolean => url.protocol === 'https:' || isLoopback(url.hostname)

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  )
}
