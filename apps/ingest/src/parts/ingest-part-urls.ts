import type { RegisteredPart } from '@rushes/fleet'
import { partUrlLifetimeMs } from '@rushes/protocol'
import type { PartSigner } from './part-signer.ts'

/** Signed addresses of parts at this program, in the order of the parts. */
export type IngestPartUrls = (
  upload: { assetId: string; filetype: string },
  parts: readonly RegisteredPart[],
  now: Date,
) => string[]

export function createIngestPartUrls(given: { signer: PartSigner; ingestUrl: string }): IngestPartUrls {
  return (upload, parts, now) => {
    const expiresAtSeconds = Math.floor((now.getTime() + partUrlLifetimeMs) / 1000)
    const common = { assetId: upload.assetId, contentType: upload.filetype, expiresAtSeconds }
    return parts.map(({ number, generation }) => given.ingestUrl + given.signer.sign({ ...common, number, generation }))
  }
}
