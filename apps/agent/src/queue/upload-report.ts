import type { UploadReport } from '@rushes/protocol'
import type { StoredUpload } from './stored-upload.ts'

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** A clip that nobody could read yet has no identity, and what keeps it from being read is noted. */
const reasonOfGrowing = ({ source, error }: StoredUpload): 'settling' | 'readError' =>
  source.identityKey === null && error?.class === 'file' ? 'readError' : 'settling'

/** An upload in the words of the wire. Long texts are cut to what a report may hold. */
export function uploadReportOf(upload: StoredUpload): UploadReport {
  const { state } = upload
  const work = 'work' in state ? state.work : null
  const asset = 'asset' in state ? state.asset : work?.step === 'parts' ? work.asset : null
  return {
    id: upload.id,
    path: upload.source.path.slice(0, 4096),
    sizeBytes: upload.sizeBytes,
    capturedAt: isoOrNull(upload.capturedAt),
    projectId: upload.projectId,
    state: state.kind,
    reason: state.kind === 'growing' ? reasonOfGrowing(upload) : 'reason' in state ? state.reason : null,
    partsDone: asset?.partsDone ?? 0,
    partsTotal: asset?.partsTotal ?? 0,
    bytesAcknowledged: upload.bytesAcknowledged + upload.bytesLost,
    ...(upload.bytesLost === 0 ? {} : { bytesLost: upload.bytesLost }),
    attempts: upload.attempts,
    error:
      upload.error === null
        ? null
        : {
            class: upload.error.class,
            code: upload.error.code.slice(0, 64),
            message: upload.error.message.slice(0, 500),
            at: new Date(upload.error.at).toISOString(),
          },
    assetId: asset?.assetId ?? null,
    nextAttemptAt: state.kind === 'waiting' ? isoOrNull(state.until) : null,
    updatedAt: new Date(upload.updatedAt).toISOString(),
  }
}
