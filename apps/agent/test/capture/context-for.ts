import type { FolderContext } from '../../src/capture/folder-context.ts'
import { FolderTeller } from '../../src/capture/folder-teller.ts'
import { TrackedFiles } from '../../src/capture/tracked-files.ts'
import { unreadVolumeTable } from '../../src/capture/volume-table.ts'
import { createLog, createRecord, testClock, watchFolder } from './watched-folder.ts'

/** What settling works with, for one folder whose files the test makes. */
export function contextFor(root: string) {
  const record = createRecord()
  const { log } = createLog()
  const folder = watchFolder(root)
  const context: FolderContext = {
    ...{
      folder,
      root,
      log,
      tracked: new TrackedFiles(),
      known: record.known,
      clock: testClock(),
      restMs: 1,
      lookGapMs: 1,
    },
    teller: new FolderTeller(folder, root, record.listener, log),
    writers: { probe: async () => new Set(), look: () => 'unknown', isBlind: () => false },
    volumes: { table: () => unreadVolumeTable, refresh: async () => unreadVolumeTable },
  }
  return { record, context }
}
