import { defaultChunkSizeBytes, maxPartCount } from '@rushes/protocol'
import { isRequestable } from '@rushes/upload-core'

/**
 * How many parts a fixed-size clip is cut into when the device asks for no number. The documents say "about 25 MB" and show
 * two URLs for 21,136,250 bytes, so it is one more than the nearest count of 25 MB parts: parts of 6.25 to 25 MB, closer to
 * 25 MB the larger the clip. A device must go by the number of URLs, never by a size.
 */
export function defaultChunkCount(filesizeBytes: number): number {
  return Math.min(maxPartCount, Math.round(filesizeBytes / defaultChunkSizeBytes) + 1)
}

/** The count asked for, or the default; null for a count that multipart uploads cannot do (the documented 500). */
export function chunkCountFor(filesizeBytes: number, asked: number | undefined): number | null {
  const count = asked ?? defaultChunkCount(filesizeBytes)
  return isRequestable(filesizeBytes, count) ? count : null
}
