import { randomUUID } from 'node:crypto'
import { access, constants, link, mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { IngestPartUrls } from '../../parts/ingest-part-urls.ts'
import { StartError } from '../../start-error.ts'
import type { ObjectStore } from '../port.ts'
import { StoreAwayError } from '../store-away.ts'
import { derivedKeyOf, putDerivedFile } from './derived.ts'
import { createGathering, type Gathering } from './gathering.ts'
import { identifyStore, type StoreRegister } from './identify.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import { gatheringFolder, treeKey, uploadKeyOf } from './layout.ts'
import { readMark } from './mark.ts'
import { createNameNumbers } from './name-numbers.ts'
import { publishFile } from './publish.ts'
import { removeFile } from './remove-file.ts'
import { openStoredFile } from './stored-file.ts'
import { createFolderSync, type FolderSync } from './sync-folder.ts'

/** Whoever asks for room, and every clip that is assembled, asks whether the volume is there; for these it is looked at so often at most. */
const freshMs = 250

/** A store in a folder: its parts come through this program, which writes them into `gathering`. */
export type FolderStore = ObjectStore & {
  readonly gathering: Gathering
  readonly keeper: Keeper
  /** Whether the folder is still the store that was opened: its volume may have been taken away since. */
  isThere(): Promise<boolean>
}

/**
 * Opens, and where needed makes, the folder of a store.
 *
 * @throws StartError `storeUnusable` when it cannot be written, or its file system has no hard links or locks;
 *   `storeIsAnother` when the database tells of another store
 */
export async function openFolderStore(given: {
  dir: string
  /** Addresses at the part route of this program. */
  ingestPartUrls: IngestPartUrls
  register: StoreRegister
}): Promise<FolderStore> {
  const root = resolve(given.dir)
  const folders = createFolderSync(root)
  const keeper = createKeeper(root)
  await prove(root, folders, keeper)
  const id = await identifyStore(root, folders, given.register).catch((error: unknown) => {
    keeper.release()
    throw error
  })
  const unguarded = createGathering(root, folders)
  const numbers = createNameNumbers()
  const within = (key: string) => {
    const path = resolve(root, key)
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) throw new Error('a store key leads out of the store')
    return path
  }
  const isThere = async () => (await readMark(root)) === id
  let seenAtMs = Number.NEGATIVE_INFINITY
  /** Where a volume is gone its folder may be there, empty: what is written is then lost, and what is not found there is not lost. */
  const mustBeThere = async (seenBeforeMs: number) => {
    const nowMs = performance.now()
    if (nowMs - seenAtMs < seenBeforeMs) return
    if (!(await isThere()))
      throw new StoreAwayError(new Error('the folder of the store has lost its mark: is its volume mounted?'))
    seenAtMs = nowMs
  }
  const gathering: Gathering = {
    ...unguarded,
    // Looked at anew for each part: what is written beneath a volume that has just gone would be acknowledged and lost.
    async writeInPlace(...part) {
      await mustBeThere(0)
      return unguarded.writeInPlace(...part)
    },
    async writeApart(...part) {
      await mustBeThere(0)
      return unguarded.writeApart(...part)
    },
  }
  return {
    gathering,
    keeper,
    isThere,
    uploadKey: uploadKeyOf,
    partUrls: async (upload, parts, now) => given.ingestPartUrls(upload, parts, now),
    placeFor: (asset) => treeKey(asset, 1),
    async publish(asset, reserve) {
      await mustBeThere(freshMs)
      const outcome = await publishFile({ root, folders, numbers }, asset, reserve)
      if (outcome.kind === 'bytesLost') await mustBeThere(0)
      return outcome
    },
    discard: (assetId) => gathering.discard(assetId),
    async open(key) {
      const file = await openStoredFile(within(key))
      if (file === null) await mustBeThere(0)
      return file
    },
    async remove(key) {
      await mustBeThere(0)
      await removeFile({ root, folders }, relative(root, within(key)))
    },
    playbackUrl: async () => null,
    derivedKey: derivedKeyOf,
    putDerived: (key, bytes) => putDerivedFile({ root, folders }, key, bytes),
    async freeBytes() {
      await mustBeThere(freshMs)
      const volume = await statfs(root)
      return volume.bavail * volume.bsize
    },
    async check() {
      await access(join(root, gatheringFolder), constants.W_OK)
      await mustBeThere(0)
    },
  }
}

/** Finds out at the start what would otherwise fail with the first clip. */
async function prove(root: string, folders: FolderSync, keeper: Keeper): Promise<void> {
  const folder = join(root, gatheringFolder)
  const probe = join(folder, `probe-${randomUUID()}`)
  try {
    const firstMade = await mkdir(folder, { recursive: true })
    // A folder whose own entry a power cut takes away takes every clip with it.
    for (let made = folder; firstMade !== undefined && made !== dirname(firstMade); made = dirname(made))
      await folders.sync(dirname(made))
    keeper.tryTake()
    await writeFile(probe, '')
    await link(probe, `${probe}-linked`)
  } catch (cause) {
    keeper.release()
    throw new StartError(
      'storeUnusable',
      `the folder of OBJECT_STORE_URL cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      'It has to be writable for this program, on a file system with hard links and locks (not exFAT); choose or repair it',
      cause,
    )
  } finally {
    // Left over where the link failed; where the folder itself could not be made there is nothing.
    await Promise.allSettled([rm(probe, { force: true }), rm(`${probe}-linked`, { force: true })])
  }
}
