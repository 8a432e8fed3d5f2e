import type { Dispatcher } from 'undici'
import { asRequestBody } from './as-request-body.ts'

/** A body of a fixed length, to be read once. */
export type LateJson = { lengthBytes: number; body: NonNullable<Dispatcher.DispatchOptions['body']> }

/** Room for numbers that have grown meanwhile; what is not needed is filled with spaces, which JSON allows at its end. */
const spareBytes = 8

/** What `make` returns as JSON, made anew when the body is read: when a connection is there to send it over, which may take a while. */
export function lateJson(make: () => unknown): LateJson {
  const lengthBytes = Buffer.byteLength(JSON.stringify(make())) + spareBytes
  async function* read(): AsyncIterable<Uint8Array> {
    const bytes = Buffer.alloc(lengthBytes, ' ')
    bytes.write(JSON.stringify(make()))
    yield bytes
  }
  return { lengthBytes, body: asRequestBody(read()) }
}
