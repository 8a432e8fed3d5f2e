/** No `0`, `O`, `I`, `l`: base 58 as Bitcoin has it. */
const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const digitCount = 88
const sha512Bytes = 64

/**
 * The C4 identifier (SMPTE ST 2114) of what has this SHA-512: `c4` and 88 digits of base 58, padded with `1`, which is zero.
 *
 * @param sha512 the 64 bytes of the digest
 */
export function c4FromSha512(sha512: Uint8Array): string {
  if (sha512.length !== sha512Bytes) throw new RangeError(`a SHA-512 has ${sha512Bytes} bytes, not ${sha512.length}`)
  let rest = 0n
  for (const byte of sha512) rest = rest * 256n + BigInt(byte)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = (digits[Number(rest % 58n)] ?? '') + text
  return `c4${text.padStart(digitCount, '1')}`
}
