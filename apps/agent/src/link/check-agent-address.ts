import { checkAddress } from '../destination/address.ts'

export type AddressProblem = 'addressMalformed' | 'addressInsecure'

/** `wss:` anywhere; `ws:` to this machine, or anywhere when that was allowed: the device secret goes over it. */
export function checkAgentAddress(address: string, allowInsecure: boolean): 'usable' | AddressProblem {
  if (!/^wss?:/i.test(address)) return 'addressMalformed'
  const checked = checkAddress(address.replace(/^ws/i, 'http'), allowInsecure)
  if (checked.kind === 'usable') return checked.url.hash === '' ? 'usable' : 'addressMalformed'
  return checked.why === 'insecure' ? 'addressInsecure' : 'addressMalformed'
}
