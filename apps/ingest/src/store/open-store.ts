import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import type { Limits } from '../limits.ts'
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
  /** Holds what is stored against the rows, before the first request. */
  mend(): Promise<void>
  chores: Chore[]
}

export type Chore = { name: string; everyMs: number; work: () => Promise<void> }

export type StoreSurroundings = {
  call: DatabaseCall
  clock: () => Date
  limits: Limits
  log: Logger
  ingestPartUrls: IngestPartUrls
  /** Every part of an upload is in. */
  onWhole: (assetId: string) => void
  signal: AbortSignal
}

/**
 * Opens the store of the configuration.
 *
 * @throws StartError `storeUnusable`, `storeUnreachable`
 */
export const openStore = (config: StoreConfig, around: StoreSurroundings): Promise<OpenedStore> =>
  config.kind === 'folder' ? openFolder(config.dir, around) : openS3(config, around)
