import { findKnownStore, knowStore, openWholeClipsChannel } from '@rushes/fleet'
import { createPartClaims } from '../../parts/part-claims.ts'
import { createPartReceiver } from '../../parts/receive-part.ts'
import type { OpenedStore, StoreSurroundings } from '../open-store.ts'
import { collectAbandoned } from './collect-abandoned.ts'
import { openFolderStore } from './folder-store.ts'
import { createFolderKeeping } from './keep-folder.ts'

/** How soon another program takes the folder over when the one that kept it is gone. */
const keepEveryMs = 2_000
const collectEveryMs = 15 * 60_000

/** A store in a folder, to which parts come through this program. */
export async function openFolder(dir: string, around: StoreSurroundings): Promise<OpenedStore> {
  const { call, database, limits, log, metrics, ingestPartUrls, onWhole } = around
  const folder = await openFolderStore({
    dir,
    ingestPartUrls,
    register: {
      find: () => call(async (clocked) => (await findKnownStore(clocked))?.id ?? null),
      know: (id) => call(async (clocked) => (await knowStore(clocked, { id })).id),
    },
  })
  const { gathering, keeper } = folder
  const claims = createPartClaims()
  const wholeClips = openWholeClipsChannel({
    db: database.db,
    connectionString: database.url,
    onWhole: (assetId) => {
      if (keeper.isHeld()) onWhole(assetId)
    },
    // The sweep finds in the rows what nobody hears of.
    onProblem: ({ error, attempt }) =>
      log.debug({ err: error, attempt }, 'whole clips of other programs are not heard of'),
  })
  const keep = createFolderKeeping({ store: folder, call, log, onKeeper: () => metrics.set('keeper', 1) })
  const collect = async () => {
    if (keeper.isHeld()) await collectAbandoned({ call, gathering, log, onAbandoned: metrics.abandoned })
  }
  return {
    store: {
      ...folder,
      async publish(asset, reserve) {
        // Every part is in: what is still being written at its place, by a dead connection perhaps, is one that came again.
        await claims.endAll(asset.id)
        return folder.publish(asset, reserve)
      },
    },
    receivePart: createPartReceiver({
      call,
      gathering,
      mayWriteInPlace: keeper.isHeld,
      claims,
      roomBytes: around.roomBytes,
      onAcknowledged: around.onAcknowledged,
      stallMs: limits.stallMs,
      acknowledgeWaitMs: limits.acknowledgeWaitMs,
    }),
    noticeParts: async () => undefined,
    keeper: { isHeld: keeper.isHeld, tellWhole: wholeClips.tell },
    chores: [
      { name: 'keep the folder', everyMs: keepEveryMs, work: keep, atOnce: true },
      { name: 'collect abandoned uploads', everyMs: collectEveryMs, work: collect, atOnce: true },
    ],
    async close() {
      await wholeClips.stop()
      keeper.release()
    },
  }
}
