import type { z } from 'zod'
import { findUpload } from '../queue/apply-upload-event.ts'
import { clipsBelow, partsOf, type ClipBelow as StoredClipBelow } from '../queue/clip-reports.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredError } from '../queue/stored-errors.ts'
import { uploadReportOf } from '../queue/upload-report.ts'
import type { ClipBelow, clipSchemas, ShownUpload } from './clip-schemas.ts'

/** What can be asked about single clips. */
export const clipOperations = (queue: Queue) => ({
  below: async ({ folder, afterPath, limit }: z.infer<typeof clipSchemas.below.input>): Promise<ClipBelow[]> =>
    clipsBelow(queue, folder, afterPath, limit).map(belowOf),
  show: async ({ id }: z.infer<typeof clipSchemas.show.input>): Promise<ShownUpload | null> => {
    const upload = findUpload(queue, id)
    if (upload === null) return null
    const parts = partsOf(queue, id).map((stored) => ({ ...stored, error: errorOf(stored.error) }))
    const digestedAt = upload.digest === null ? null : new Date(upload.digest.at).toISOString()
    return { ...uploadReportOf(upload), xxh64: upload.digest?.xxh64 ?? null, digestedAt, parts }
  },
})

const belowOf = ({ upload: { source, capturedAt, digest }, isGrowing, isUploaded }: StoredClipBelow): ClipBelow => ({
  path: source.path,
  isGrowing,
  isUploaded,
  sizeBytes: source.sizeBytes,
  modifiedUs: source.modifiedUs,
  inode: source.inodeIsStable ? source.inode : null,
  capturedAt,
  digest,
})

const errorOf = (stored: StoredError | null) =>
  stored === null ? null : { ...stored, at: new Date(stored.at).toISOString() }
