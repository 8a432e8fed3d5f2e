import createXxhash from 'xxhash-wasm'

const xxhash = await createXxhash()

/** A running xxh64. The digest is 16 lower-case hexadecimal digits, big-endian, as ASC MHL writes it. */
export type Xxh64 = { update(chunk: Uint8Array): void; digest(): string }

const toHex = (digest: bigint): string => digest.toString(16).padStart(16, '0')

export function startXxh64(): Xxh64 {
  const hash = xxhash.create64()
  return {
    update(chunk) {
      hash.update(chunk)
    },
    digest: () => toHex(hash.digest()),
  }
}

export const hashBytes = (chunk: Uint8Array): string => toHex(xxhash.h64Raw(chunk))

export const hashText = (text: string): string => hashBytes(Buffer.from(text, 'utf8'))
