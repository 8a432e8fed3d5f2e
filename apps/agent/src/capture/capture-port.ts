import type { RefusedReason } from '@rushes/upload-core'
import type { Logger } from 'pino'

/**
 * What the capture room gives to the rest of the agent: it looks at watch folders and says which files have come to rest, which still
 * grow, which are refused and which are gone. It never opens a file for writing, and keeps nothing on disk: what was picked up
 * before is the queue's knowledge, asked for through `KnownFiles`.
 */
export type StartCapture = (options: CaptureOptions) => RunningCapture

export type CaptureOptions = {
  folders: readonly WatchFolder[]
  known: KnownFiles
  listener: CaptureListener
  clock: CaptureClock
  log: Logger
  /** How long size and modification time must stay the same before a file counts as complete; 2 s unless said. */
  settleMs?: number
  /** The agent's own folder, which is there: wherever it lies, nothing in it was captured, and it holds the credentials. */
  ownFolder?: string
}

export type WatchFolder = {
  /** Absolute path. It need not exist yet: it is watched as soon as it does. */
  path: string
  /** The channel of the destination that its clips go to. */
  channel: number
  /** `realtime`: uploaded while they grow; `on-close`: when they are complete; `manual` files are found the same and held by the queue. */
  mode: 'realtime' | 'on-close' | 'manual'
  /** Globs over the path below the folder, or over the bare name where a glob has no `/`; upper and lower case are the same. Empty: everything. */
  include: readonly string[]
  exclude: readonly string[]
  order: 'oldest-first' | 'newest-first'
  bytesPerSecond: number | null
}

/** Time for the capture room. `now` is milliseconds since 1970 and may step; `monotonicMs` never goes back. */
export type CaptureClock = {
  now(): number
  monotonicMs(): number
  /** Resolves after `durationMs`; rejects with the signal's reason when that aborts first. */
  sleep(durationMs: number, options: { signal: AbortSignal }): Promise<void>
}

/** What the queue remembers of every file that it was ever given, in whatever state: both methods answer from the local database at once. */
export type KnownFiles = {
  /** Whether a row with this path holds this `statKey`, and was not given up: then it is that file, without a byte of it being read. */
  hasStat(statKey: string, path: string): boolean
  /**
   * The row that holds this `identity.key`, with the path under which it is known now; null when there is none. `isGivenUp`: it was cleared
   * because its file was gone.
   */
  find(identity: FileIdentity): { path: string; isGivenUp: boolean } | null
}

/**
 * Called one after the other, never two at a time for one watch folder. A listener that returns has taken note: `onSettled` must have
 * written its row, since the next file may be the same one under a second name. What a listener throws is logged and the file is
 * offered again at a later scan.
 */
export type CaptureListener = {
  /** What is told within is noted in one step: when it throws, nothing of it is. `tellAll` must stand being run again. */
  together(tellAll: () => void): void
  /** A file has come to rest and is not known by its identity. Told once. */
  onSettled(file: SettledFile): void
  /**
   * A file known under `from` now lies elsewhere, and nothing of it lies at `from` any more; or it lies there again (`from` is its own path). A row
   * cleared as `sourceDeleted` can go on. The row's own capture time is the better one: it was found out when the file was seen to begin.
   */
  onMoved(file: SettledFile, from: string): void
  /** A file appeared or changed a moment ago; told again as it grows, at most 4 times a second per file. */
  onGrowing(file: GrowingFile): void
  /** What was told as growing rests, and the queue has it under this path (or under another one that is still there): nothing new came of it. */
  onKnown(file: SettledFile): void
  /** A file that was settled or known has been written to, truncated or replaced; `onGrowing` follows, then `onSettled` with its new identity. */
  onChanged(file: ChangedFile): void
  /** Told once in a run until the file changes, so that the queue may hear of the same one again at each start. */
  onRefused(file: RefusedFile): void
  /** A file at rest could not be read, so nothing of it can be picked up. It is looked at again every 10 s; told once per cause. */
  onUnreadable(file: UnreadableFile): void
  /** A file that was growing, settled, known, refused or unreadable is not there any more. */
  onGone(file: GoneFile): void
  /** The volumes of the watch folders, whole, when one came, went or changed its free space by more than 1 %. A volume that is present again may hold the source of waiting uploads. */
  onVolumes(volumes: readonly Volume[]): void
}

/**
 * What makes a file the same file. `key` is all that is compared. Where inodes are stable it is made of volume, inode, size, modification
 * time and digest, so a rename keeps it; elsewhere (exFAT and FAT invent inodes at each mount, network shares may) of volume,
 * path on the volume, size and digest, so a card in another reader keeps it.
 */
export type FileIdentity = {
  key: string
  /** Made of volume, inode, size and modification time, to be asked for at the next start; null where inodes are not stable. */
  statKey: string | null
  volumeId: string
  inode: string
  inodeIsStable: boolean
  /** Below the mount point of the volume. */
  pathOnVolume: string
  sizeBytes: number
  /** Nanoseconds since 1970, decimal. */
  mtimeNs: string
  /** xxh64 over the first 64 KiB, the last 64 KiB (no byte twice) and the size as 8 bytes little-endian; 16 hexadecimal digits. */
  headTailDigest: string
}

type Located = {
  /** Absolute; exactly the file's name on disk, in whatever Unicode form. */
  path: string
  /** Below the watch folder, with `/`. */
  relativePath: string
  watchFolder: WatchFolder
}

/** Instants are milliseconds since 1970 by the device's clock. */
export type SettledFile = Located & {
  identity: FileIdentity
  sizeBytes: number
  modifiedAt: number
  /** Birth time by the file system; null where it keeps none. */
  birthtime: number | null
  /** Null for a file that was there when watching began. */
  firstGrowthSeenAt: number | null
  embeddedCreationAt: number | null
  /** Start of capture, chosen by `chooseCaptureTime`. */
  capturedAt: number
  /** That is by the clock of this device as it goes: it was seen to grow, or it appeared a moment after it was last written. */
  isByOwnClock: boolean
  mediaType: string
}

export type GrowingFile = Located & {
  sizeBytes: number
  /** When it was first seen to appear or change. */
  since: number
  /** False of a file that was there when watching began: it began before `since`. */
  sawBegin: boolean
  /** Birth time by the file system; null where it keeps none. */
  bornAt: number | null
  modifiedUs: number
  volumeId: string
  inode: string
  inodeIsStable: boolean
}

export type ChangedFile = Located & {
  sizeBytes: number
  volumeId: string
  /** `replaced`: another inode under the same name (only told apart where inodes are stable). */
  change: 'written' | 'truncated' | 'replaced'
}

/** `path` is for showing only: bytes that are not UTF-8 are written as `\xNN`. */
export type RefusedFile = Located & {
  sizeBytes: number
  reason: Extract<RefusedReason, 'emptyFile' | 'notARegularFile' | 'outsideWatchFolder' | 'unusableName'>
}

export type UnreadableFile = Located & {
  sizeBytes: number
  volumeId: string
  /** Of the operating system (`EACCES`, `EIO` …), with its message. */
  error: { code: string; message: string }
}

export type GoneFile = Located & {
  /** Where it lay: cards of one camera hold files of the same names. */
  volumeId: string
  /** True: it was deleted or moved away. False: its card, drive, share or the whole watch folder is absent; it may come back. */
  volumePresent: boolean
}

/** As `DeviceStatus.volumes` wants it. */
export type Volume = {
  id: string
  label: string
  /** Where it is mounted, or was last. */
  path: string
  sizeBytes: number | null
  freeBytes: number | null
  present: boolean
}

export type CaptureCounts = {
  /** Resting in the watch folders: handed over since the start, and known from before. */
  settled: number
  known: number
  /** Seen, not at rest yet. */
  growing: number
  refused: number
  /** Left out at the last full scan; a left out directory counts as one. */
  leftOut: { hidden: number; system: number; temporary: number; byRule: number; links: number; unreadable: number }
}

/**
 * Where the file of a queue row is now. `elsewhere`: something else has its path. Asked by whoever fails to open a source, and of rows whose file
 * nobody was watching while the agent was down.
 */
export type Whereabouts = 'there' | 'elsewhere' | 'deleted' | 'volumeAbsent'
export type FindWhereabouts = (
  path: string,
  identity: Pick<FileIdentity, 'volumeId' | 'inode' | 'inodeIsStable'>,
  /** With it, an absent watch folder counts as an absent volume. */
  watchFolderPath: string | null,
) => Promise<Whereabouts>

export interface RunningCapture {
  /** Resolves when every watch is closed and no listener will be called any more. */
  stop(): Promise<void>
  /** Looks at every watch folder now; resolves when all of them were scanned once more. */
  rescan(): Promise<void>
  /** Somebody has read another file there than the one that rested under this path: it is taken for one that was not seen before. */
  lookAnew(path: string): void
  /** Takes the recorder's word that this growing file is complete, whoever has it open; `unknown`: nothing grows under this path. */
  finish(path: string): Promise<'finished' | 'unknown'>
  counts(): CaptureCounts
  volumes(): readonly Volume[]
}
