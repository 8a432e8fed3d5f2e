import type { CreateAssetRequest } from '@rushes/protocol'
import { sha256Hex } from '../tokens/secrets.ts'

/**
 * Digest of what makes two creates the same request. The offset is left out: it is the age of the clip and grows with every
 * attempt.
 */
export function requestDigest(request: CreateAssetRequest): string {
  const { offset: _offset, ...rest } = request
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256Hex(JSON.stringify(fields))
}
