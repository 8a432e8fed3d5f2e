import type { Database } from '@rushes/db'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Limits } from '../limits.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { IngestPartUrls } from '../parts/ingest-part-urls.ts'
import type { PartReceiver } from '../parts/receive-part.ts'
import type { StoreConfig } from './address.ts'
import { openFolder } from './folder/open-folder.ts'
import type { ObjectStore } from './port.ts'
import { openS3 } from './s3/open-s3.ts'

/** A store and what ingest does for it besides requests. */
export type OpenedStore = {
  store: ObjectStore
  /** Takes in parts that come to this program. */
  receivePart: PartReceiver
  /** Where parts do not come through this program: looks which of an upload have arrived. */
  noticeParts(assetId: string): Promise<void>
  /** Where of several programs only one may assemble clips: whether it is this one, and how to tell that one. Null where any may. */
  keeper: { isHeld(): boolean; tellWhole(assetId: string): void } | null
  chores: Chore[]
  /** Lets go of it; nothing is asked of it any more. */
  close(): Promise<void>
}

/** What a store needs done from time to time; `atOnce` also when ingest starts. */
export type Chore = { name: string; everyMs: number; work: () => Promise<void>; atOnce?: boolean }

export type StoreSurroundings = {
  call: DatabaseCall
  /** What programs on one store tell each other by. */
  database: { db: Database; url: string }
  clock: () => Date
  limits: Limits
  log: Logger
  metrics: Metrics
  /** Room for more, in bytes; null where there is no end to it. */
  roomBytes: () => Promise<number | null>
  /** A part that came to this program is in. */
  onAcknowledged: (sizeBytes: number) => void
  ingestPartUrls: IngestPartUrls
  /** Every part of an upload is in. */
  onWhole: (assetId: string) => void
  signal: AbortSignal
}

/**
 * Opens the store of the configuration.
 *
 * @throws StartError `storeUnusable`, `storeIsAnother`, `storeUnreachable`
 */
export const openStore = (config: StoreConfig, around: StoreSurroundings): Promise<OpenedStore> =>
  config.kind === 'folder' ? openFolder(config.dir, around) : openS3(config, around)
