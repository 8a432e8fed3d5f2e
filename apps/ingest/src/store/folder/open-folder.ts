import { createPartClaims } from '../../parts/part-claims.ts'
import { createPartReceiver } from '../../parts/receive-part.ts'
import type { OpenedStore, StoreSurroundings } from '../open-store.ts'
import { findLostBytes } from './find-lost.ts'
import { openFolderStore } from './folder-store.ts'
import { tidyFolder } from './tidy.ts'

const tidyEveryMs = 10 * 60_000

/** A store in a folder, to which parts come through this program. */
export async function openFolder(dir: string, around: StoreSurroundings): Promise<OpenedStore> {
  const { call, limits, log, ingestPartUrls } = around
  const store = await openFolderStore({ dir, ingestPartUrls })
  const { gathering } = store
  const tidy = () => tidyFolder({ call, gathering, log })
  return {
    store,
    receivePart: createPartReceiver({
      call,
      gathering,
      claims: createPartClaims(),
      stallMs: limits.stallMs,
      acknowledgeWaitMs: limits.acknowledgeWaitMs,
    }),
    noticeParts: async () => undefined,
    async mend() {
      await findLostBytes({ call, gathering, log })
      await tidy()
    },
    chores: [{ name: 'tidy', everyMs: tidyEveryMs, work: tidy }],
  }
}
