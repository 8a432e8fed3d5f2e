import { lstat, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { maxFileSizeBytes } from '@rushes/protocol'
import { type Capture, chooseCaptureTime, type HeldReason, type RefusedReason } from '@rushes/upload-core'
import { errorCode, errorMessage } from '../agent-error.ts'
import { identityOf } from '../capture/file-identity.ts'
import { inspectFile } from '../capture/inspect-file.ts'
import { mediaTypeOf } from '../capture/media-type.ts'
import { readVolumeTable } from '../capture/volume-table.ts'
import { addUpload } from '../queue/add-upload.ts'
import { storeCapture } from '../queue/capture-clock.ts'
import { findByIdentity, findByPath, isGivenUp, isGivenUpElsewhere, moveSource } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { SourceFacts } from '../queue/registrations.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { factsOf } from './take-in-files.ts'

export type AddOutcome =
  | { path: string; outcome: 'queued'; id: string; reason?: HeldReason }
  /** It is in the queue already, in whatever state: retry or reset it there. */
  | { path: string; outcome: 'known'; id: string; state: string }
  | { path: string; outcome: 'refused'; reason: RefusedReason }
  | { path: string; outcome: 'unreadable'; code: string; message: string }

/** What is known of a file better than it tells itself. */
export type KnownOfFile = { captured: Capture; hold: HeldReason | null }

/**
 * Queues one file that a person has named. What a person chooses goes up whenever it was captured; a pause of sharing still holds, since
 * its capture time travels with it.
 */
export async function addFile(
  queue: Queue,
  path: string,
  channel: number,
  given: KnownOfFile | null = null,
): Promise<AddOutcome> {
  try {
    const stats = await lstat(path, { bigint: true })
    if (!stats.isFile()) return { path, outcome: 'refused', reason: 'notARegularFile' }
    const sizeBytes = Number(stats.size)
    if (sizeBytes === 0) return { path, outcome: 'refused', reason: 'emptyFile' }
    if (sizeBytes > maxFileSizeBytes) return { path, outcome: 'refused', reason: 'tooLarge' }
    const look = { sizeBytes, mtimeNs: stats.mtimeNs, inode: stats.ino, device: stats.dev }
    const real = await realpath(path)
    const inspection = await inspectFile(real, look)
    if (inspection.kind === 'unreadable') return { path, outcome: 'unreadable', ...inspection.error }
    if (inspection.kind !== 'read')
      return {
        path,
        outcome: 'unreadable',
        code: 'SOURCE_CHANGED',
        message: 'the file is being written; add it when it is complete',
      }
    const identity = identityOf(look, (await readVolumeTable(null)).find(real), real, inspection.headTailDigest)
    const modifiedAt = Number(stats.mtimeNs / 1_000_000n)
    const told = chooseCaptureTime({
      firstGrowthSeenAt: null,
      embeddedAt: inspection.embeddedCreationAt,
      bornAt: inspection.birthtime,
      modifiedAt,
    }).at
    return queue.transact(() => {
      const known = findByIdentity(queue, identity.key) ?? unfinished(findByPath(queue, path))
      const facts = factsOf(identity)
      if (known !== null && !isGivenUp(known)) return { path, outcome: 'known', id: known.id, state: known.state.kind }
      if (known !== null && !isGivenUpElsewhere(queue, known)) return takeUpAgain(queue, known, { ...facts, path })
      const file = { ...facts, path, watchFolder: null }
      const id = addUpload(queue, {
        file,
        name: basename(path),
        mimeType: mediaTypeOf(path),
        channel,
        capturedAt: given?.captured.at ?? told,
        entry: given?.hold ? { kind: 'held', reason: given.hold } : { kind: 'queued' },
      })
      if (given !== null) storeCapture(queue, id, given.captured)
      return { path, outcome: 'queued', id, ...(given?.hold ? { reason: given.hold } : {}) }
    })
  } catch (error) {
    return { path, outcome: 'unreadable', code: errorCode(error), message: errorMessage(error) }
  }
}

/** Its file was gone, and is there again. Held before, it is held again until somebody releases it. */
function takeUpAgain(queue: Queue, upload: StoredUpload, to: SourceFacts & { path: string }): AddOutcome {
  const applied = moveSource(queue, upload, { ...to, watchFolder: upload.source.watchFolder })
  const state = applied.kind === 'moved' ? applied.upload.state : null
  return {
    path: to.path,
    outcome: 'queued',
    id: upload.id,
    ...(state?.kind === 'held' ? { reason: state.reason } : {}),
  }
}

const unfinished = (upload: ReturnType<typeof findByPath>): ReturnType<typeof findByPath> =>
  upload !== null && ['growing', 'queued', 'registering', 'uploading', 'waiting', 'held'].includes(upload.state.kind)
    ? upload
    : null
