/** A part that the device has told of, as its URL names it. */
export type RegisteredPart = {
  number: number
  /** Grows when the device asks for the number again. */
  generation: number
  sizeBytes: number
}
