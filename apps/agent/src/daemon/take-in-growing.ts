import { extname } from 'node:path'
import { earlierCapture, leastCuttableBytes, type PartLimits, type RateSample, rateOf } from '@rushes/upload-core'
import type { GrowingFile, SettledFile } from '../capture/capture-port.ts'
import { finalNameOf } from '../capture/temporary-name.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import { captureAt, readClocks, storeCapture } from '../queue/capture-clock.ts'
import { awaitRest } from '../queue/growing-claims.ts'
import { lastCutByte } from '../queue/growing-parts.ts'
import {
  beginGrowth,
  completeGrowth,
  endGrowth,
  findGrowth,
  growingInode,
  recordEnd,
  reopenGrowth,
  sendNewer,
  sendRefusedWhole,
  takeAnew,
} from '../queue/growths.ts'
import { findByPath } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { SourceFacts } from '../queue/registrations.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { followRename, makeWay } from './follow-rename.ts'
import { beganAt, isLaterTake } from './later-take.ts'

/** What capture tells of files that are sent while they grow. */
export type GrowingIntake = {
  /**
   * Begins with the upload of a growing file as soon as there is enough of it and its rate is known, and tells how long it is from then on.
   * `mayBegin`: its folder is one of recordings, and nothing holds it back.
   */
  grew(file: GrowingFile, mayBegin: () => boolean): void
  /** True when the file at rest is one that was sent while it grew, and that is all there is to do about it. */
  settled(upload: StoredUpload, file: SettledFile, facts: SourceFacts): boolean
  /** Whether it is a file that is being sent already, under whatever name. */
  isKnown(file: GrowingFile): boolean
  /** Not one that will be renamed before anything of it can be sent: it gets its row with its name. */
  isWorthRow(file: GrowingFile): boolean
  forget(path: string): void
}

type FirstLook = RateSample & { inode: string }

export function growingIntake(queue: Queue, monotonicNow: () => number, limits?: PartLimits): GrowingIntake {
  const firstLooks = new Map<string, FirstLook>()
  return {
    grew(file, mayBegin) {
      const upload = followRename(queue, file) ?? findByPath(queue, file.path, file.volumeId)
      if (upload === null) return
      const growth = findGrowth(queue, upload.id)
      if (growth !== null) {
        // What is sent of a take on another card waits for that card.
        if (upload.source.volumeId !== file.volumeId || makeWay(queue, upload, file)) return
        if (growth.phase === 'sent') awaitRest(queue, upload.id)
        else follow(queue, upload, growth.phase, file)
        return
      }
      const now: FirstLook = { at: monotonicNow(), sizeBytes: file.sizeBytes, inode: file.inode }
      const first = firstLooks.get(file.path)
      if (first === undefined || first.inode !== file.inode || first.sizeBytes > file.sizeBytes)
        firstLooks.set(file.path, now)
      if (upload.state.kind === 'growing') noteLaterTake(queue, upload, file)
      if (file.watchFolder.mode !== 'realtime' || upload.state.kind !== 'growing' || !mayBegin()) return
      const rate = rateOf(file.watchFolder.bytesPerSecond, firstLooks.get(file.path) ?? now, now)
      const extension = extname(finalNameOf(file.path) ?? file.path).toLowerCase()
      // Without an extension no asset can be made that is to grow; such a file goes up when it is complete.
      if (rate === null || extension.length < 2 || file.sizeBytes < leastCuttableBytes(rate, limits)) return
      firstLooks.delete(file.path)
      beginGrowth(queue, upload, { bytesPerSecond: rate, extension, source: factsOf(file) })
      queue.tell({ kind: 'growth', uploadId: upload.id, sizeBytes: file.sizeBytes })
    },
    settled(upload, file, facts) {
      firstLooks.delete(file.path)
      const growth = findGrowth(queue, upload.id)
      if (growth === null || upload.source.volumeId !== facts.volumeId || makeWay(queue, upload, facts)) return false
      return growth.phase === 'sent' ? settleNewer(queue, upload, file, facts) : settle(queue, upload, file, facts)
    },
    isKnown: (file) => file.inodeIsStable && growingInode(queue, file.volumeId, file.inode) !== null,
    isWorthRow: ({ path, sizeBytes, watchFolder: { bytesPerSecond } }) =>
      finalNameOf(path) === null || sizeBytes >= leastCuttableBytes(bytesPerSecond ?? 0, limits),
    forget: (path) => void firstLooks.delete(path),
  }
}

/** Another take has begun where one lay of which nothing was sent: what goes up is that one, captured when it began. */
function noteLaterTake(queue: Queue, upload: StoredUpload, file: GrowingFile): void {
  const at = beganAt(file)
  if (at !== null && isLaterTake(upload, at, file.bornAt)) storeCapture(queue, upload.id, captureAt(queue, at))
}

/** Of what was sent in part only an agent that saw the other one begin says so: the clock of a share may be ahead. */
const isSeenLater = (upload: StoredUpload, { sawBegin, since, bornAt }: GrowingFile): boolean =>
  sawBegin && isLaterTake(upload, since, bornAt)
const isSettledLater = (upload: StoredUpload, { firstGrowthSeenAt, birthtime }: SettledFile): boolean =>
  firstGrowthSeenAt !== null && isLaterTake(upload, firstGrowthSeenAt, birthtime)

function follow(queue: Queue, upload: StoredUpload, phase: 'open' | 'complete', file: GrowingFile): void {
  const { source } = upload
  const isOther = (file.inodeIsStable && file.inode !== source.inode) || isSeenLater(upload, file)
  const lost = file.sizeBytes < lastCutByte(queue, upload.id)
  if (isOther || lost) {
    // One that lost a little at its end is trimmed; one that begins again is another take, with an instant of its own.
    takeAnew(queue, upload, isOther || file.sizeBytes < source.sizeBytes / 2 ? queue.now() : null)
    return
  }
  const isAsItWas = file.sizeBytes === source.sizeBytes && file.modifiedUs === source.modifiedUs
  if (phase === 'complete' && isAsItWas) return
  if (phase === 'complete' && !reopenGrowth(queue, upload.id)) takeAnew(queue, upload, null)
  else queue.tell({ kind: 'growth', uploadId: upload.id, sizeBytes: file.sizeBytes })
}

/** The recorder has finished. What has an asset is completed with the rest of its parts; what has none becomes an upload of known size. */
function settle(queue: Queue, upload: StoredUpload, file: SettledFile, facts: SourceFacts): boolean {
  const { state, source } = upload
  const isOther = (facts.inodeIsStable && facts.inode !== source.inode) || isSettledLater(upload, file)
  const hasLost = facts.sizeBytes <= lastCutByte(queue, upload.id)
  const work = 'work' in state ? state.work : null
  const hasAsset = state.kind === 'registering' || state.kind === 'uploading' || work?.step === 'parts'
  const beganBefore = isCapturedEarlier(queue, upload, file)
  if (hasAsset && !isOther && !hasLost && !beganBefore && isToBeFinished(queue, upload, facts)) {
    completeGrowth(queue, upload, facts)
    return true
  }
  // A create that may have come through is another one from here on: the asset of a growing file is never used for one of known size.
  if (hasAsset) takeAnew(queue, upload, isOther ? queue.now() : beganBefore ? file.capturedAt : null)
  else {
    sendRefusedWhole(queue, upload.id)
    applyUploadEvent(queue, upload.id, { kind: 'grewAgain' })
  }
  endGrowth(queue, upload.id)
  // Another take under its name is a clip of its own, whatever became of the one before.
  const isOver = !isOther && (state.kind === 'blocked' || state.kind === 'refused')
  if (isOver) recordEnd(queue, upload, facts)
  return isOver
}

/** Times of files are as coarse as this. */
const grainMs = 2_000

/** What grew was a copy: its asset was made with the time of the copying, and whether it may go up at all is told by when it was captured. */
function isCapturedEarlier(queue: Queue, { capturedAt, capturedInBoot }: StoredUpload, file: SettledFile): boolean {
  if (capturedAt === null) return false
  const told = captureAt(queue, file.capturedAt)
  const earlier = earlierCapture({ at: capturedAt, inBoot: capturedInBoot }, told, readClocks(queue))
  return earlier === told && capturedAt - told.at > grainMs
}

/** Written to once more after its final part had gone: the same clip, in a newer version. Another take is another clip. */
function settleNewer(queue: Queue, upload: StoredUpload, file: SettledFile, facts: SourceFacts): boolean {
  const { source } = upload
  const isSame = facts.inodeIsStable ? facts.inode === source.inode : facts.sizeBytes >= source.sizeBytes
  return isSame && !isSettledLater(upload, file) && sendNewer(queue, upload, facts)
}

/** False when another end of it may have left already. */
function isToBeFinished(queue: Queue, { id, source }: StoredUpload, facts: SourceFacts): boolean {
  const isAsItWas = facts.sizeBytes === source.sizeBytes && facts.modifiedUs === source.modifiedUs
  return isAsItWas || findGrowth(queue, id)?.phase === 'open' || reopenGrowth(queue, id)
}

const factsOf = (file: GrowingFile): SourceFacts => ({
  volumeId: file.volumeId,
  inode: file.inode,
  inodeIsStable: file.inodeIsStable,
  sizeBytes: file.sizeBytes,
  modifiedUs: file.modifiedUs,
  identityKey: null,
  statKey: null,
})
