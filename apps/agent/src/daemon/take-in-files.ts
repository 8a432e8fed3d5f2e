import { maxFileSizeBytes } from '@rushes/protocol'
import { type Capture, earlierCapture, type PartLimits, type UploadError, type UploadEvent } from '@rushes/upload-core'
import type { Logger } from 'pino'
import type { CaptureListener, FileIdentity, GrowingFile, KnownFiles, SettledFile } from '../capture/capture-port.ts'
import { headTailDigestOf } from '../capture/file-identity.ts'
import { mediaTypeOf } from '../capture/media-type.ts'
import { finalNameOf } from '../capture/temporary-name.ts'
import { addUpload, type NewUpload } from '../queue/add-upload.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import { captureAt, readClocks } from '../queue/capture-clock.ts'
import { resumeDigests } from '../queue/file-digests.ts'
import { findGrowth } from '../queue/growths.ts'
import {
  findByIdentity,
  findByPath,
  isGivenUp,
  isGivenUpElsewhere,
  isKnownStat,
  moveSource,
  type Rested,
  recordLeftOut,
  recordOtherFile,
  recordRested,
  resumeVolume,
} from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import { type SourceFacts, updateSource } from '../queue/registrations.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { holdReason } from './hold-reason.ts'
import { beganAt, isLaterTake } from './later-take.ts'
import { hasNoRow, isElsewhere, isStillToCome } from './row-of-path.ts'
import { type GrowingIntake, growingIntake } from './take-in-growing.ts'
import { takeInUnreadable } from './take-in-unreadable.ts'
import { isNewestFirst, nameOf, unreadSource } from './unread-file.ts'

/** Answers from the queue what the capture room asks about files that it sees. */
export const knownFilesOf = (queue: Queue): KnownFiles => ({
  hasStat: (statKey, path) => isKnownStat(queue, statKey, path),
  find(identity) {
    const upload = findByIdentity(queue, identity.key)
    return upload === null ? null : { path: upload.source.path, isGivenUp: isGivenUp(upload) }
  },
})

/** Turns what the capture room sees into rows of the queue. */
export function takeInFiles(queue: Queue, log: Logger, limits?: PartLimits): CaptureListener {
  const presentVolumes = new Set<string>()
  // Sizes of files that were seen and may grow; a row is made once one does, so that a file that was only renamed makes none.
  const firstSizes = new Map<string, number>()
  const growing = growingIntake(queue, () => performance.now(), limits)
  // Within a step of several files nothing is stored yet, and nothing is said of it.
  let unsaid: (() => void)[] | null = null
  let said: (() => void)[] = []
  const settle = (upload: StoredUpload, event: UploadEvent) => applyUploadEvent(queue, upload.id, event)
  return {
    together(tellAll) {
      queue.transact(() => {
        unsaid = []
        try {
          tellAll()
        } finally {
          said = unsaid
          unsaid = null
        }
      })
      for (const say of said) say()
    },
    onSettled(file) {
      firstSizes.delete(file.path)
      queue.transact(() => takeIn(queue, growing, file))
      const say = () => log.info({ path: file.path, sizeBytes: file.sizeBytes }, 'file at rest')
      if (unsaid === null) say()
      else unsaid.push(say)
    },
    onMoved(file, from) {
      firstSizes.delete(file.path)
      queue.transact(() => {
        const upload = findByIdentity(queue, file.identity.key) ?? findByPath(queue, from)
        if (upload === null || isGivenUpElsewhere(queue, upload) || isTakenUp(queue, upload, file))
          return takeIn(queue, growing, file)
        moveSource(queue, upload, {
          ...factsOf(file.identity),
          path: file.path,
          watchFolder: file.watchFolder.path,
        })
      })
      if (from === file.path) log.info({ path: from }, 'file is there again')
      else log.info({ from, path: file.path }, 'file was renamed')
    },
    onGrowing(file) {
      const firstSize = firstSizes.get(file.path)
      if (firstSize === undefined) firstSizes.set(file.path, file.sizeBytes)
      queue.transact(() => {
        const hasGrown = firstSize !== undefined && firstSize !== file.sizeBytes
        const isNew = hasGrown && hasNoRow(queue, file)
        if (isNew && !growing.isKnown(file) && growing.isWorthRow(file)) addUpload(queue, growingUpload(file))
        growing.grew(file, () => mayGoUpGrowing(queue, file))
      })
    },
    onKnown(file) {
      firstSizes.delete(file.path)
      queue.transact(() => {
        const upload = findByPath(queue, file.path, file.identity.volumeId)
        if (upload?.state.kind !== 'growing') return
        // Its own row, gone back to growing and at rest again as it was; or a second name of a file that has its row.
        if (upload.source.identityKey === file.identity.key) takeIn(queue, growing, file)
        else settle(upload, { kind: 'cancelled', reason: 'cancelledOnDevice' })
      })
    },
    onChanged({ path, volumeId, change }) {
      const upload = findByPath(queue, path, volumeId)
      // Of a file that is sent while it grows a change is no news; `onGrowing` follows and says what it is.
      if (upload === null || isElsewhere(upload, volumeId) || findGrowth(queue, upload.id) !== null) return
      const applied = settle(upload, { kind: 'grewAgain' })
      if (applied.kind === 'moved') return
      const reason = change === 'truncated' ? 'sourceTruncated' : 'sourceChanged'
      const isSending = upload.state.kind === 'uploading' || upload.state.kind === 'waiting'
      if (isSending)
        settle(upload, {
          kind: 'failed',
          reason,
          error: { class: 'file', code: 'SOURCE_CHANGED', message: `the file was ${change}` },
        })
    },
    onRefused({ path, reason, sizeBytes, watchFolder }) {
      firstSizes.delete(path)
      queue.transact(() => {
        const upload = findByPath(queue, path)
        if (upload?.state.kind === 'growing') {
          settle(upload, { kind: 'refused', reason })
          return
        }
        if (upload?.state.kind === 'refused' && upload.state.reason === reason) return
        addUpload(queue, {
          ...nameOf(path),
          channel: watchFolder.channel,
          capturedAt: null,
          mimeType: octetStream,
          file: unreadSource(path, sizeBytes, watchFolder),
          entry: { kind: 'refused', reason },
        })
      })
      log.warn({ path, reason }, 'file refused')
    },
    onUnreadable(file) {
      const { path, error } = file
      queue.transact(() => {
        takeInUnreadable(queue, file)
        appendEvent(queue, {
          kind: 'notice',
          code: 'fileUnreadable',
          message: `${path}: ${error.message}`.slice(0, 500),
        })
      })
      log.warn({ path, error }, 'file cannot be read')
    },
    onGone({ path, volumeId, volumePresent }) {
      firstSizes.delete(path)
      growing.forget(path)
      const upload = findByPath(queue, path, volumeId)
      if (upload === null || isElsewhere(upload, volumeId)) return
      // Back again as it rested before it would be no news, and nobody would end the wait.
      if (!volumePresent && upload.state.kind === 'growing' && upload.source.identityKey !== null) return
      settle(upload, volumePresent ? { kind: 'cleared', reason: 'sourceDeleted' } : { kind: 'sourceRemoved' })
    },
    onVolumes(volumes) {
      for (const { id, present } of volumes) {
        if (present && !presentVolumes.has(id)) {
          resumeVolume(queue, id)
          resumeDigests(queue, id)
        }
        if (present) presentVolumes.add(id)
        else presentVolumes.delete(id)
      }
      queue.tell({ kind: 'status' })
    },
  }
}

const octetStream = 'application/octet-stream'
/** A file at rest that is not known by its identity: the row of its path when that still waits for it, else a new one. */
function takeIn(queue: Queue, growing: GrowingIntake, file: SettledFile): void {
  const { volumeId } = file.identity
  const before = findByPath(queue, file.path, volumeId)
  if (before !== null && growing.settled(before, file, factsOf(file.identity))) return
  // What went up while it grew may have made way for another row of its path, or be in another state.
  const known = before === null ? null : findByPath(queue, file.path, volumeId)
  if (known !== null && wasDecidedWhileGrowing(known, file))
    recordLeftOut(queue, known, { source: factsOf(file.identity), captured: captureOf(queue, known, file) })
  else if (known === null || !isStillToCome(known) || isOfOtherCard(known, file)) addNew(queue, file)
  else if (known.state.kind !== 'growing' && isUntouched(known, file))
    updateSource(queue, known.source.fileId, factsOf(file.identity))
  else takeChanged(queue, known, file)
}

/** Its clip was given up, and another row of the path has begun with the file meanwhile, as it was copied back or over a later take: the file is that one's. */
function isTakenUp(queue: Queue, upload: StoredUpload, file: SettledFile): boolean {
  const begun = isGivenUp(upload) ? findByPath(queue, file.path, file.identity.volumeId) : null
  return begun !== null && begun.id !== upload.id && !isElsewhere(begun, file.identity.volumeId) && isStillToCome(begun)
}

/** Somebody cancelled or cleared the clip while it was being recorded: it must not come back as another one when the recording ends. */
function wasDecidedWhileGrowing({ state, source, updatedAt }: StoredUpload, file: SettledFile): boolean {
  const isDecided = state.kind === 'cancelled' || (state.kind === 'cleared' && state.reason === 'clearedByOperator')
  return isDecided && source.identityKey === null && file.capturedAt <= updatedAt
}

/**
 * By size, time and ends. It comes as a new one where its volume goes by another name, or where it was put back. Size and time alone say nothing: a camera
 * whose clock does not run and that cuts its takes to one size records them alike.
 */
function isUntouched({ source }: StoredUpload, { identity }: SettledFile): boolean {
  const now = factsOf(identity)
  const isSameLook = now.sizeBytes === source.sizeBytes && now.modifiedUs === source.modifiedUs
  return isSameLook && source.identityKey !== null && headTailDigestOf(source.identityKey) === identity.headTailDigest
}

/** What grows is on the card that is in, whatever that goes by; and one may go by another name than before. */
const isOfOtherCard = (known: StoredUpload, file: SettledFile): boolean =>
  known.state.kind !== 'growing' && isElsewhere(known, file.identity.volumeId) && !isUntouched(known, file)

/** What has no asset yet is taken as it is now; what was sent of it so far is of another file. */
function takeChanged(queue: Queue, known: StoredUpload, file: SettledFile): void {
  const source = factsOf(file.identity)
  const captured = captureOf(queue, known, file)
  // Somebody wanted the file as it is now before it had rested: this is it. What was begun of it says nothing of when it was captured.
  const isBegun = isAdopted(known, file)
  if (isBegun) applyUploadEvent(queue, known.id, { kind: 'failed', reason: 'sourceChanged', error: changedError })
  if (isBegun || (known.adoptSource && isOfOtherFile(known)))
    applyUploadEvent(queue, known.id, { kind: 'retried' }, { error: null })
  const isToRest =
    known.state.kind === 'growing' || applyUploadEvent(queue, known.id, { kind: 'grewAgain' }).kind === 'moved'
  if (isToRest) recordRested(queue, known, { source, captured, outcome: outcomeOf(queue, file, captured) })
  else recordOtherFile(queue, known, { source, captured })
}

const changedError: UploadError = { class: 'file', code: 'SOURCE_CHANGED', message: 'the file was written' }

/** A retry has taken the file as it is, before it had rested, without reading its ends. */
function isAdopted({ state, isRealtime, source }: StoredUpload, { identity }: SettledFile): boolean {
  const isUnderWay = state.kind === 'registering' || state.kind === 'uploading'
  if (!isUnderWay || isRealtime || source.identityKey !== null) return false
  const now = factsOf(identity)
  const isSameFile = source.inodeIsStable && now.inodeIsStable && source.inode === now.inode
  return isSameFile && source.sizeBytes === now.sizeBytes && source.modifiedUs === now.modifiedUs
}

const isOfOtherFile = ({ state }: StoredUpload): boolean =>
  state.kind === 'failed' && (state.reason === 'sourceChanged' || state.reason === 'sourceTruncated')

/** The earliest instant that is known of a file that grew; of another one that took its name, its own. */
function captureOf(queue: Queue, known: StoredUpload, file: SettledFile): Capture {
  const told = captureAt(queue, file.capturedAt)
  const { identityKey, inodeIsStable, inode } = known.source
  const isSameFile = identityKey === null || (inodeIsStable && inode === file.identity.inode)
  const isLater = isLaterTake(known, file.firstGrowthSeenAt, file.birthtime)
  if (!isSameFile || isLater || known.capturedAt === null) return told
  return earlierCapture({ at: known.capturedAt, inBoot: known.capturedInBoot }, told, readClocks(queue))
}

/** `noted`: what is known of its capture, of a file that has a row already. */
function outcomeOf(queue: Queue, file: SettledFile, noted: Capture | null): Rested['outcome'] {
  const { sizeBytes, watchFolder, capturedAt, firstGrowthSeenAt, isByOwnClock } = file
  if (sizeBytes > maxFileSizeBytes) return { kind: 'refused', reason: 'tooLarge' }
  // What was seen to begin is told by that: a card may keep times in steps of two seconds.
  const isNoted = noted !== null && noted.at !== capturedAt
  const capture = isNoted
    ? { ...noted, isWitnessed: true }
    : { ...captureAt(queue, firstGrowthSeenAt ?? capturedAt), isWitnessed: isByOwnClock }
  const hold = holdReason(queue, watchFolder.mode, capture)
  return hold === null ? { kind: 'queued' } : { kind: 'held', reason: hold }
}

function addNew(queue: Queue, file: SettledFile): void {
  addUpload(queue, {
    ...nameOf(file.path),
    mimeType: file.mediaType,
    channel: file.watchFolder.channel,
    capturedAt: file.capturedAt,
    newestFirst: isNewestFirst(file.watchFolder),
    file: { ...factsOf(file.identity), path: file.path, watchFolder: file.watchFolder.path },
    entry: outcomeOf(queue, file, null),
  })
}

const growingUpload = (file: GrowingFile): NewUpload => ({
  ...nameOf(file.path),
  mimeType: mediaTypeOf(finalNameOf(file.path) ?? file.path),
  channel: file.watchFolder.channel,
  capturedAt: beganAt(file),
  newestFirst: isNewestFirst(file.watchFolder),
  file: { ...unreadSource(file.path, file.sizeBytes, file.watchFolder), volumeId: file.volumeId },
  entry: { kind: 'growing' },
})

/** Whether a file may go up while it grows. One of which nobody knows when it began is judged when it rests, by all that it tells of itself then. */
function mayGoUpGrowing(queue: Queue, file: GrowingFile): boolean {
  const at = beganAt(file)
  if (at === null) return false
  // What is noted in its row stands, wherever the clock was set to since.
  const row = findByPath(queue, file.path, file.volumeId)
  const notedAt = row?.state.kind === 'growing' ? row.capturedAt : null
  const capture = row === null || notedAt === null ? captureAt(queue, at) : { at: notedAt, inBoot: row.capturedInBoot }
  return holdReason(queue, file.watchFolder.mode, { ...capture, isWitnessed: file.sawBegin }) === null
}

/** What the queue remembers of an identity. */
export const factsOf = (identity: FileIdentity): SourceFacts => ({
  volumeId: identity.volumeId,
  inode: identity.inode,
  inodeIsStable: identity.inodeIsStable,
  sizeBytes: identity.sizeBytes,
  modifiedUs: Number(BigInt(identity.mtimeNs) / 1_000n),
  identityKey: identity.key,
  statKey: identity.statKey,
})
