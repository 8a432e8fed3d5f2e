import { createHash, randomBytes } from 'node:crypto'

/** A secret that fits a link: 256 random bits behind a prefix that secret scanners can look for. */
export function createLinkToken(): string {
  return `rushes_link_${randomBytes(32).toString('base64url')}`
}

/** What is kept of a token. */
export function hashLinkToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** The address that a person opens. The token is in the fragment, which browsers send to no server and no log. */
export function linkUrl(publicUrl: string, token: string): string {
  return new URL(`/link#${token}`, publicUrl).href
}
