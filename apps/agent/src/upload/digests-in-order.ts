import type { PartClaim } from '../queue/part-claims.ts'
import { startXxh64, type Xxh64 } from '../xxh64.ts'

/** One part that continues the digest of its file. */
export type PartInOrder = {
  update(chunk: Uint8Array): void
  /** It has arrived. The xxh64 of the whole file when it was the last part, and all others left before it in their order. */
  arrived(): string | null
  /** It ended without having arrived: the digest of the file is lost, unless it has arrived. */
  end(): void
}

/** Digests whole files as their parts leave, which spares a second reading; only where they leave one after the other. */
export type DigestsInOrder = { begin(claim: PartClaim): PartInOrder | null }

/** More files than this are never under way one part at a time. */
const maxFiles = 64

type Running = { assetId: string; hash: Xxh64; nextNumber: number; isBusy: boolean; isLost: boolean }

export function createDigestsInOrder(): DigestsInOrder {
  const files = new Map<string, Running>()
  const lose = (uploadId: string, file: Running) => {
    file.isLost = true
    if (files.get(uploadId) === file) files.delete(uploadId)
  }
  const fileOf = ({ upload: { id }, assetId, number }: PartClaim): Running | null => {
    const known = files.get(id)
    if (known !== undefined && (known.isBusy || known.assetId !== assetId || known.nextNumber !== number))
      lose(id, known)
    if (number > 1) return files.get(id) ?? null
    const file = { assetId, hash: startXxh64(), nextNumber: 1, isBusy: false, isLost: false }
    files.set(id, file)
    const oldest = files.entries().next().value
    if (files.size > maxFiles && oldest !== undefined) lose(...oldest)
    return file
  }
  return {
    begin(claim) {
      const { upload, number, phase } = claim
      const partsTotal = upload.state.kind === 'uploading' ? upload.state.asset.partsTotal : 0
      // Of a single part its digest is that of the file; what grows is read once more anyway.
      if (phase !== null || partsTotal < 2) return null
      const file = fileOf(claim)
      if (file === null) return null
      file.isBusy = true
      return {
        update(chunk) {
          if (!file.isLost) file.hash.update(chunk)
        },
        arrived() {
          if (file.isLost) return null
          file.isBusy = false
          file.nextNumber = number + 1
          if (number < partsTotal) return null
          files.delete(upload.id)
          return file.hash.digest()
        },
        end() {
          if (file.nextNumber === number) lose(upload.id, file)
        },
      }
    },
  }
}
