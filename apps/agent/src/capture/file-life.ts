import { type CaptureTime, chooseCaptureTime } from '@rushes/upload-core'
import type { FileLook } from './file-identity.ts'
import type { MountedVolume } from './volume-table.ts'

/** A file that appeared or changed, until it has rested. Fields ending in `Ms` are by the clock that never goes back. */
export type UnsettledFile = {
  readonly kind: 'unsettled'
  readonly look: FileLook
  readonly volume: MountedVolume
  readonly firstSeenAt: number
  /** It was there when watching began, so nobody saw it begin. */
  readonly wasThere: boolean
  readonly sawChange: boolean
  /** Somebody was told of it, so somebody has to be told when it is gone. */
  readonly wasTold: boolean
  readonly changedMs: number
  readonly lookedMs: number
  readonly nextLookMs: number
  /** Its size and time rested under another name already, or its recorder was seen to close it. */
  readonly hasRested: boolean
  /** Somebody had it open for writing, or it had a name that its recorder changes at the end: then one can tell when that is over. */
  readonly sawWriter: boolean
  /** When its recorder was seen to close it, if it was left alone since. */
  readonly closedMs: number | null
  /** How often its writer was looked for in vain. */
  readonly writerLooks: number
  /** Its recorder says that it is complete. */
  readonly isFinished: boolean
  readonly unreadableCode: string | null
}

/** A file that rests: told as settled, known by the queue from before, or refused. As small as can be, there may be 100,000. */
export type RestingFile = {
  readonly kind: 'settled' | 'known' | 'refused'
  readonly sizeBytes: number
  readonly mtimeNs: bigint
  readonly inode: bigint
  readonly volume: MountedVolume
}

export function restingFile(kind: RestingFile['kind'], look: FileLook, volume: MountedVolume): RestingFile {
  return { kind, sizeBytes: look.sizeBytes, mtimeNs: look.mtimeNs, inode: look.inode, volume }
}

export type TrackedFile = UnsettledFile | RestingFile

export type Change = 'written' | 'truncated' | 'replaced'
export type Tidings = { kind: 'growing'; since: number } | { kind: 'changed'; change: Change }

export type LookContext = {
  now: number
  nowMs: number
  /** The volume has not been gone through before: what lies there was there. */
  isFirstScan: boolean
  /** When the same inode was first seen under a temporary name; `unknown` when that name was there when watching began. */
  startedAt: number | 'unknown' | null
  restMs: number
  /** How long to leave a file that still changes alone. */
  lookGapMs: number
}

/** What one look at a regular file makes of what was known of it, and what there is to tell. */
export function see(
  previous: TrackedFile | null,
  look: FileLook,
  volume: MountedVolume,
  context: LookContext,
): { next: TrackedFile; tell: Tidings[] } {
  if (previous === null) {
    const next = begin(look, volume, context, { wasThere: context.isFirstScan, isToTell: !context.isFirstScan })
    return { next, tell: next.wasTold ? [growing(next)] : [] }
  }
  const before = previous.kind === 'unsettled' ? previous.look : previous
  const change = changeBetween(before, look, volume)
  if (previous.kind === 'unsettled') return seeUnsettled(previous, look, change, context)
  if (change === null) return { next: previous, tell: [] }
  // Nobody is told that it was written to: it comes to rest again, and is known by its ends or is another one.
  if (isShownOtherwise(before, look, volume))
    return { next: begin(look, volume, context, { wasThere: true, isToTell: true }), tell: [] }
  // Of a file that is written to once more, or trimmed, nobody knows when it began; one that took its place began now, and so did what is, or was, empty.
  const beginsNow = change === 'replaced' || before.sizeBytes === 0 || look.sizeBytes === 0
  const next = begin(look, volume, context, { wasThere: !beginsNow, isToTell: true })
  const tell: Tidings[] = previous.kind === 'refused' ? [] : [{ kind: 'changed', change }]
  return { next: { ...next, sawChange: true }, tell: [...tell, growing(next)] }
}

/** Zones lie whole quarters of an hour apart. */
const quarterHourNs = 900_000_000_000n
/**
 * Where inodes do not last, times are of the clock on the wall: a card that was out and in again between two looks may show all of them as
 * another zone or mount does.
 */
const isShownOtherwise = (
  before: Pick<FileLook, 'sizeBytes' | 'mtimeNs'>,
  look: FileLook,
  { keepsInodes }: MountedVolume,
): boolean =>
  !keepsInodes && before.sizeBytes === look.sizeBytes && (look.mtimeNs - before.mtimeNs) % quarterHourNs === 0n

function seeUnsettled(previous: UnsettledFile, look: FileLook, change: Change | null, context: LookContext) {
  if (change === null) {
    const next = {
      ...previous,
      lookedMs: context.nowMs,
      nextLookMs: nextLookAtUnchanged(previous, context),
    }
    return { next, tell: [] }
  }
  const begun = isOtherTake(change, previous.look, look) ? { firstSeenAt: context.now, wasThere: false } : {}
  const next: UnsettledFile = {
    ...previous,
    ...begun,
    look,
    sawChange: true,
    wasTold: true,
    changedMs: context.nowMs,
    lookedMs: context.nowMs,
    nextLookMs: nextLook(context.nowMs, context),
    hasRested: false,
    closedMs: null,
    isFinished: false,
    unreadableCode: null,
  }
  return { next, tell: [growing(next)] }
}

const growing = (file: UnsettledFile): Tidings => ({ kind: 'growing', since: file.firstSeenAt })

function begin(
  look: FileLook,
  volume: MountedVolume,
  context: LookContext,
  { wasThere, isToTell }: { wasThere: boolean; isToTell: boolean },
): UnsettledFile {
  return {
    kind: 'unsettled',
    look,
    volume,
    firstSeenAt: typeof context.startedAt === 'number' ? context.startedAt : context.now,
    wasThere: context.startedAt === 'unknown' || (wasThere && context.startedAt === null),
    sawChange: false,
    wasTold: isToTell,
    changedMs: context.nowMs,
    lookedMs: context.nowMs,
    nextLookMs: nextLook(context.nowMs, context),
    hasRested: false,
    sawWriter: context.startedAt !== null,
    closedMs: null,
    writerLooks: 0,
    isFinished: false,
    unreadableCode: null,
  }
}

function nextLookAtUnchanged(
  { hasRested, isFinished, closedMs, changedMs }: UnsettledFile,
  context: LookContext,
): number {
  if (hasRested || isFinished) return context.nowMs
  return closedMs === null ? nextLook(changedMs, context) : closedMs + reopenMs
}

function nextLook(changedMs: number, { nowMs, restMs, lookGapMs }: LookContext): number {
  const restsAtMs = changedMs + restMs
  return restsAtMs > nowMs ? Math.min(restsAtMs, nowMs + lookGapMs) : nowMs
}

/** One that took the place of a file that is being written, or that begins once more in its inode, began now. */
const isOtherTake = (change: Change, before: Pick<FileLook, 'sizeBytes'>, after: FileLook): boolean =>
  change === 'replaced' || (change === 'truncated' && after.sizeBytes < before.sizeBytes / 2)

/** What makes a file another one than at the look before. Inodes count only where they last. */
export function changeBetween(
  before: Pick<FileLook, 'sizeBytes' | 'mtimeNs' | 'inode'>,
  after: Pick<FileLook, 'sizeBytes' | 'mtimeNs' | 'inode'>,
  volume: MountedVolume,
): Change | null {
  if (volume.keepsInodes && before.inode !== after.inode) return 'replaced'
  if (after.sizeBytes < before.sizeBytes) return 'truncated'
  return after.sizeBytes === before.sizeBytes && after.mtimeNs === before.mtimeNs ? null : 'written'
}

/** Whether nothing has changed for long enough. */
export function hasRested(file: UnsettledFile, nowMs: number, restMs: number): boolean {
  const stayedClosed = file.closedMs !== null && nowMs - file.closedMs >= reopenMs
  return file.hasRested || file.isFinished || stayedClosed || nowMs - file.changedMs >= restMs
}

/** Its recorder has closed it, and it was looked at since: some open it once more at once, to finish its head. */
export const closed = (file: UnsettledFile, nowMs: number): UnsettledFile => ({
  ...file,
  closedMs: nowMs,
  nextLookMs: nowMs + reopenMs,
})
const reopenMs = 100

/** Whether nothing has changed for so long that it is worth asking whether its recorder has closed it. */
export const isQuiet = (file: UnsettledFile, nowMs: number): boolean => nowMs - file.changedMs >= quietMs
const quietMs = 300

/** What a file became when its name went away: the same inode, seen under another name. */
export function isHeir(candidate: UnsettledFile, gone: TrackedFile): boolean {
  if (!gone.volume.keepsInodes || candidate.volume.id !== gone.volume.id) return false
  const before = gone.kind === 'unsettled' ? gone.look : gone
  return (
    candidate.look.inode === before.inode &&
    (gone.kind === 'unsettled' || changeBetween(gone, candidate.look, gone.volume) === null)
  )
}

/** An heir goes on where the other name ended: it began when that began, and if that had rested it need not rest again. */
export function inherit(heir: UnsettledFile, gone: TrackedFile): UnsettledFile {
  if (gone.kind !== 'unsettled') return { ...heir, hasRested: true, nextLookMs: heir.lookedMs }
  const isEarlier = gone.firstSeenAt < heir.firstSeenAt
  return {
    ...heir,
    firstSeenAt: isEarlier ? gone.firstSeenAt : heir.firstSeenAt,
    wasThere: isEarlier ? gone.wasThere : heir.wasThere,
    sawChange: gone.sawChange || heir.sawChange,
    sawWriter: gone.sawWriter || heir.sawWriter,
    closedMs: gone.closedMs,
    nextLookMs: gone.closedMs === null ? heir.nextLookMs : heir.lookedMs,
  }
}

/** Modification times of FAT are whole pairs of seconds. */
const timestampGrainMs = 2_000
const timestampGrainNs = 2_000_000_000n

/**
 * When its growth was first seen, if it was: a file that appears whole, with an older modification time, was captured elsewhere or under
 * another name, and one that is copied with its times has them set back when it is whole.
 */
export function firstGrowthOf(file: UnsettledFile): number | null {
  const modifiedAt = modifiedAtOf(file)
  // A time on a whole pair of seconds was cut to it; of a file that changed under our eyes it does not matter which.
  const isCut = file.sawChange || file.look.mtimeNs % timestampGrainNs === 0n
  const isSeenGrowing = file.firstSeenAt <= modifiedAt || (isCut && file.firstSeenAt <= modifiedAt + timestampGrainMs)
  return isSeenGrowing && !file.wasThere ? file.firstSeenAt : null
}

/** From the last write of a file to its appearing under this name: a rename, or a look at a share. */
const freshMs = 10_000

/**
 * Whether its capture time is by the clock of this device as it goes now. What lay there before, what was written long before it appeared, and
 * what a camera wrote into the file may be by any clock.
 */
export function isByOwnClock(file: UnsettledFile, { source }: CaptureTime): boolean {
  if (file.wasThere || source === 'embedded') return false
  return firstGrowthOf(file) !== null || Math.abs(file.firstSeenAt - modifiedAtOf(file)) <= freshMs
}

const modifiedAtOf = (file: UnsettledFile): number => Number(file.look.mtimeNs / 1_000_000n)

/** The start of capture by the rule that the whole system shares. */
export function captureTimeOf(file: UnsettledFile, embeddedAt: number | null, bornAt: number | null): CaptureTime {
  // Nobody saw it begin, and neither file nor file system know: the first change seen is still earlier than the last.
  const firstChange = file.sawChange && embeddedAt === null && bornAt === null ? file.firstSeenAt : null
  return chooseCaptureTime({
    firstGrowthSeenAt: firstGrowthOf(file) ?? firstChange,
    embeddedAt,
    bornAt,
    modifiedAt: modifiedAtOf(file),
  })
}
