import { extname } from 'node:path'
import { errorTitle, type Failure } from '@rushes/upload-core'
import { finalNameOf } from '../capture/temporary-name.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'

/** What kind of asset a create asks for, under which name and in how many parts; as it was decided when it was first made. */
export function createKindOf({ isRealtime, sizeBytes, partsAsked, createName, name, source }: StoredUpload) {
  if (isRealtime && createName === '')
    return { kind: 'realtime', extension: extname(finalNameOf(source.path) ?? name).toLowerCase() } as const
  const named = createName ?? name
  if (isRealtime) return { kind: 'realtime', name: named } as const
  const partCount = partsAsked === null || partsAsked < 2 ? {} : { partCount: partsAsked }
  return { kind: 'complete', name: named, sizeBytes, ...partCount } as const
}

/** A count of parts that a platform will not grant is answered like a fault of its own. */
export const isRefusedPlan = (failure: Failure, { partsAsked }: StoredUpload): boolean =>
  failure.kind === 'reply' && failure.status === 500 && (partsAsked ?? 0) > 1

/** A clip that is gone from the destination has no newer version: it is refused like a field that is wrong. */
export const isRefusedVersion = (failure: Failure, { versionOf }: StoredUpload, isOurs: boolean): boolean =>
  failure.kind === 'reply' &&
  failure.status === 400 &&
  errorTitle(failure.body) !== null &&
  isOurs &&
  versionOf !== null

/** Whether the destination may have made an asset although the call failed. */
export function mayHaveArrived(failure: Failure & { requestSent?: boolean }): boolean {
  if (failure.kind === 'network') return failure.requestSent !== false
  return failure.kind === 'malformedReply' || (failure.kind === 'reply' && failure.status >= 500)
}
