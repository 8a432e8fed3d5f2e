import createXxhash from 'xxhash-wasm'

const xxhash = await createXxhash()

export type Xxh64 = {
  update(chunk: Uint8Array): void
  /** 16 lower-case hexadecimal digits, big-endian, as ASC MHL writes it. */
  digest(): string
}

/** A running xxh64. */
export function startXxh64(): Xxh64 {
  const hash = xxhash.create64()
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => hash.digest().toString(16).padStart(16, '0'),
  }
}
