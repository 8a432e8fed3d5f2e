import type { PeerCertificate } from 'node:tls'
import { type Check, well, wrong } from './check.ts'

/** What is wrong with the certificate of a server in words, by the code that Node.js gives; null: it is trusted. */
export function describeCertificate(
  check: Extract<Check['check'], `${string}.encryption`>,
  host: string,
  certificate: PeerCertificate,
  code: string | null,
): Check {
  const issuer = oneOf(certificate.issuer?.O) ?? oneOf(certificate.issuer?.CN) ?? 'an unnamed authority'
  const until = certificate.valid_to ?? 'an unknown time'
  if (code === null) return well(check, `the certificate of ${host} is by ${issuer}, good until ${until}`)
  const [message, advice] = reasonOf(code, { host, issuer, certificate })
  return wrong(check, `${message} [${code}]`, advice)
}

type Known = { host: string; issuer: string; certificate: PeerCertificate }

function reasonOf(code: string, { host, issuer, certificate }: Known): [message: string, advice: string] {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return [
        `the certificate of ${host} ended at ${certificate.valid_to}`,
        'If the clock of this device is right, the server needs a new certificate: tell whoever runs it. Else set the clock.',
      ]
    case 'CERT_NOT_YET_VALID':
      return [
        `the certificate of ${host} is good only from ${certificate.valid_from} on`,
        'Set the clock of this device: timedatectl set-ntp true',
      ]
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'HOSTNAME_MISMATCH': {
      const names = (certificate.subjectaltname ?? oneOf(certificate.subject?.CN) ?? 'nobody').slice(0, 200)
      return [
        `the certificate is for ${names}, not for ${host}`,
        'Pair with a name that the certificate has. Where the name is right, the network leads elsewhere: perhaps it asks for a sign-in.',
      ]
    }
    default:
      return [
        `the certificate of ${host} is by ${issuer}, which this device does not trust`,
        'If the network or the server has an authority of its own, name its PEM file as caFile in agent.json; the PEM may have to hold what lies between, too.',
      ]
  }
}

/** Names of a certificate may be given more than once. */
const oneOf = (value: unknown): string | undefined => {
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first.slice(0, 100) : undefined
}
