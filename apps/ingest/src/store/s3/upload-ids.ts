import { findStoreUpload, forgetStoreUpload, openStoreUpload, rememberStoreUpload } from '@rushes/fleet'
import type { DatabaseCall } from '../../database-call.ts'

/** Which multipart upload belongs to a clip, kept where crashes do not reach. */
export type UploadIds = {
  /** Writes down that addresses are about to be given out; `ended` when the clip takes no parts any more. */
  open(assetId: string): Promise<{ kind: 'open'; uploadId: string | null; isNew: boolean } | { kind: 'ended' }>
  /** Keeps an id unless there is one; the one that counts, or null when the upload was ended meanwhile. */
  remember(assetId: string, uploadId: string): Promise<string | null>
  /** Null when nothing of an upload can be left in the bucket. */
  find(assetId: string): Promise<{ uploadId: string | null } | null>
  /** Nothing of it is left in the bucket. */
  forget(assetId: string): Promise<void>
}

/** Ids in the rows of the fleet. */
export function uploadIdsInRows(call: DatabaseCall, firstLookMs: { ourAgents: number; others: number }): UploadIds {
  return {
    open: (assetId) => call((clocked) => openStoreUpload(clocked, { assetId, firstLookMs })),
    remember: (assetId, uploadId) => call((clocked) => rememberStoreUpload(clocked, { assetId, uploadId })),
    find: (assetId) => call((clocked) => findStoreUpload(clocked, { assetId })),
    forget: (assetId) => call((clocked) => forgetStoreUpload(clocked, { assetId })),
  }
}
