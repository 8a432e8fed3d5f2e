import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What a signature covers. Content type and ACL are sent as headers, as devices of this protocol do. */
export type SignedPart = {
  assetId: string
  number: number
  generation: number
  contentType: string
  expiresAtSeconds: number
}

export type PartSigner = {
  /** Path and query of the address that a part is PUT to. */
  sign(part: SignedPart): string
  /** Whether we signed this. Comparing takes the same time wherever the difference is. */
  isGenuine(part: SignedPart, signature: string): boolean
}

/** The one ACL that devices send and that URLs are signed for. */
export const signedAcl = 'private'

/** Signs part URLs with a key of their own, derived from the installation's secret; older secrets still verify. */
export function createPartSigner(secrets: readonly [string, ...string[]]): PartSigner {
  const keyOf = (secret: string) => Buffer.from(hkdfSync('sha256', secret, '', 'rushes part urls', 32))
  const newest = keyOf(secrets[0])
  const keys = [newest, ...secrets.slice(1).map(keyOf)]
  const mac = (key: Buffer, part: SignedPart) =>
    createHmac('sha256', key)
      .update(['PUT', pathOf(part), part.expiresAtSeconds, part.contentType, signedAcl].join('\n'))
      .digest('base64url')
  return {
    sign: (part) => `${pathOf(part)}?expires=${part.expiresAtSeconds}&signature=${mac(newest, part)}`,
    isGenuine(part, signature) {
      const given = Buffer.from(signature)
      return keys.some((key) => {
        const expected = Buffer.from(mac(key, part))
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    },
  }
}

const pathOf = (part: Pick<SignedPart, 'assetId' | 'number' | 'generation'>) =>
  `/parts/${part.assetId}/${part.number}/${part.generation}`
