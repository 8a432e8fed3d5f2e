import { whenLeaving } from './when-leaving.ts'

/** Room for numbers that have grown meanwhile; what is not needed is filled with spaces, which JSON allows at its end. */
const spareBytes = 8

/** What `make` returns as JSON, made anew as the body begins to leave: when a connection is there to send it over, which may take a while. */
export function lateJson(make: () => unknown): Buffer {
  const text = JSON.stringify(make())
  const bytes = Buffer.alloc(Buffer.byteLength(text) + spareBytes, ' ')
  bytes.write(text)
  whenLeaving(bytes, () => {
    try {
      const late = JSON.stringify(make())
      if (Buffer.byteLength(late) <= bytes.length) bytes.fill(' ').write(late)
    } catch {
      // It leaves as it was; whoever made it meets the same fault where it can be told.
    }
  })
  return bytes
}
