import { createPartComparer } from '../../parts/compare-part.ts'
import type { Credentials, S3Address } from '../address.ts'
import type { OpenedStore, StoreSurroundings } from '../open-store.ts'
import { openBucket } from './bucket.ts'
import { createEndUploads, createGiveUpAbandoned } from './end-uploads.ts'
import { createNoticeParts } from './notice-parts.ts'
import { proveBucket } from './prove.ts'
import { createS3Store } from './s3-store.ts'
import { uploadIdsInRows } from './upload-ids.ts'
import { createWatch } from './watch-uploads.ts'

/** Completing an upload may take minutes, in which another instance sees neither its parts nor its object. */
const goneForMs = 10 * 60_000
const giveUpEveryMs = 60 * 60_000

/** A store in a bucket, to which devices send their parts directly. */
export async function openS3(
  address: S3Address & { credentials: Credentials },
  around: StoreSurroundings,
): Promise<OpenedStore> {
  const { call, clock, limits, log, ingestPartUrls, onWhole, signal } = around
  const bucket = openBucket(address, clock)
  await proveBucket(bucket, address, clock())
  const aheadMs = bucket.clock.aheadMs()
  if (aheadMs !== 0)
    log.warn({ aheadMs }, 'the clock of the store differs from ours; addresses are dated by the store’s')
  if (address.credentials.sessionToken !== undefined)
    log.warn('the keys of the store are temporary: addresses of parts die with them, and so do uploads')
  const uploads = uploadIdsInRows(call, { ourAgents: limits.agentLookMs, others: limits.firstLookMs })
  const store = createS3Store({ bucket, uploads, ingestPartUrls, goneForMs })
  const noticeParts = createNoticeParts({ call, store, log, onWhole })
  const endUploads = createEndUploads({ call, store, log })
  return {
    store,
    receivePart: createPartComparer({ call, store, stallMs: limits.stallMs }),
    noticeParts: async (assetId) => void (await noticeParts(assetId)),
    keeper: null,
    chores: [
      {
        name: 'watch uploads',
        everyMs: limits.firstLookMs,
        work: createWatch({ call, noticeParts, clock, limits, log, signal }),
      },
      { name: 'end uploads', everyMs: limits.sweepEveryMs, work: endUploads },
      {
        name: 'give up uploads',
        everyMs: giveUpEveryMs,
        atOnce: true,
        work: createGiveUpAbandoned({ call, noticeParts, log, abandonedMs: limits.abandonedMs }),
      },
    ],
    close: async () => bucket.client.destroy(),
  }
}
