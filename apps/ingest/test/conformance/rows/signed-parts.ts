import { type Bytes, createFixed, createRealtime, requestParts, someBytes } from '../../support/clips.ts'
import type { Sent } from '../row.ts'
import type { World } from '../world.ts'

/** Clips of which a row sends a part. */
export const signedParts = {
  /** A clip of one small part. */
  async small(at: World, change: Record<string, unknown> = {}) {
    const bytes = someBytes(1_000)
    const { id, urls } = await createFixed(at.device, bytes, { name: 'small.mp4', ...change })
    return { id, url: urls[0] ?? '', bytes }
  },
  /** A part of a clip that still grows. */
  async growing(at: World, sizeBytes: number) {
    const { id } = await createRealtime(at.device)
    const [url = ''] = await requestParts(at.device, id, [{ number: 1, size: sizeBytes, is_final: false }])
    return { id, url }
  },
  put: (url: string, bytes: Bytes | string, headers: Record<string, string> = {}): Sent => ({
    to: `PUT ${url}`,
    raw: bytes,
    headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', ...headers },
  }),
}
