import type { Logger } from 'pino'
import type { CaptureClock, KnownFiles, WatchFolder } from './capture-port.ts'
import type { FolderTeller } from './folder-teller.ts'
import type { WriterProbe } from './open-writers.ts'
import type { TrackedFiles } from './tracked-files.ts'
import type { VolumeTable } from './volume-table.ts'

/** What everything that deals with the files of one watch folder works with. */
export type FolderContext = {
  folder: WatchFolder
  /** The folder's path as its files' paths begin with; it may lead through symbolic links. */
  root: string
  tracked: TrackedFiles
  known: KnownFiles
  teller: FolderTeller
  writers: WriterProbe
  clock: CaptureClock
  log: Logger
  /** How long a file must rest. */
  restMs: number
  /** How long a file that changes, or is missing, is left alone between two looks. */
  lookGapMs: number
  volumes: { table(): VolumeTable; refresh(): Promise<VolumeTable> }
}
