import { randomUUID } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './errno.ts'
import { apartName, assetIdOf, dataName, gatheringFolder, incomingPrefix, partName } from './layout.ts'
import { openDirect } from './open-direct.ts'
import { createPartWriters, type PartWriter } from './part-writer.ts'
import type { FolderSync } from './sync-folder.ts'

/** Bytes that lie apart until their place in the file is known, or until they replace others. */
export type ApartWriter = PartWriter & {
  /**
   * After `sync`: keeps them, durably, as the bytes of this part that have this digest. They count once acknowledged. False
   * when they are gone: what was gathered for an upload is thrown away as soon as it has ended.
   */
  keepAs(number: number, xxh64: string): Promise<boolean>
  /** Throws them away. */
  drop(): Promise<void>
}

/** What is in the gathering folder for one upload. */
export type GatheredUpload = { dataBytes: number; apartNames: Set<string> }

/**
 * The hidden half of the folder store. Parts with a known place are written straight into `<asset>.data`; the others lie in
 * `<asset>.apart/part-<number>-<digest>`. Which bytes of a part count, the database says.
 */
export type Gathering = {
  writeInPlace(assetId: string, offsetBytes: number): Promise<PartWriter>
  writeApart(assetId: string): Promise<ApartWriter>
  discard(assetId: string): Promise<void>
  inspect(assetId: string): Promise<GatheredUpload>
  /** Ids of the uploads that something is there of. */
  list(): Promise<string[]>
  /** Bytes of uploads that broke off; whatever was touched lately may still be coming in. */
  dropStaleIncoming(untouchedForMs: number): Promise<number>
}

const maxKnown = 10_000

export function createGathering(root: string, folders: FolderSync): Gathering {
  const folder = join(root, gatheringFolder)
  const apartDir = (assetId: string) => join(folder, apartName(assetId))
  /** Uploads whose data file is known to be found again; forgotten when there are too many, which costs a sync each. */
  const durableData = new Set<string>()
  const openWriter = createPartWriters(openDirect)

  return {
    async writeInPlace(assetId, offsetBytes) {
      const path = join(folder, dataName(assetId))
      const flags = constants.O_WRONLY | constants.O_CREAT
      const file = await open(path, flags, 0o644)
      const writer = openWriter(file, offsetBytes)
      return {
        ...writer,
        async sync() {
          await writer.sync()
          if (durableData.has(assetId)) return
          // Even if another part made the file: whether its entry is durable yet, only a sync of our own can tell.
          await folders.sync(folder)
          if (durableData.size >= maxKnown) durableData.clear()
          durableData.add(assetId)
        },
      }
    },

    async writeApart(assetId) {
      const dir = apartDir(assetId)
      await folders.makeOne(dir)
      const path = join(dir, `${incomingPrefix}${randomUUID()}`)
      const writer = openWriter(await open(path, 'wx', 0o644), 0)
      return {
        ...writer,
        async keepAs(number, xxh64) {
          await writer.close()
          try {
            await rename(path, join(dir, partName(number, xxh64)))
            await folders.sync(dir)
            return true
          } catch (error) {
            if (isErrno(error, 'ENOENT')) return false
            throw error
          }
        },
        async drop() {
          await writer.close()
          await rm(path, { force: true })
        },
      }
    },

    async discard(assetId) {
      durableData.delete(assetId)
      await removeDir(apartDir(assetId))
      await unlinkIfThere(join(folder, dataName(assetId)))
    },

    async inspect(assetId) {
      const apartNames = new Set(await entriesOf(apartDir(assetId)))
      return { dataBytes: await sizeOf(join(folder, dataName(assetId))), apartNames }
    },

    async list() {
      return [...new Set((await entriesOf(folder)).flatMap((entry) => assetIdOf(entry) ?? []))]
    },

    async dropStaleIncoming(untouchedForMs) {
      let droppedCount = 0
      for (const entry of await entriesOf(folder)) {
        if (!entry.endsWith('.apart')) continue
        for (const name of await entriesOf(join(folder, entry))) {
          if (!name.startsWith(incomingPrefix)) continue
          const path = join(folder, entry, name)
          const stats = await statOrNull(path)
          if (stats === null || Date.now() - stats.mtimeMs < untouchedForMs) continue
          await rm(path, { force: true })
          droppedCount += 1
        }
      }
      return droppedCount
    },
  }
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [] // nothing was ever put there
    throw error
  }
}

const sizeOf = async (path: string): Promise<number> => (await statOrNull(path))?.size ?? 0

/** Null for a file that is not there: an upload may keep it under its name, or end, between two looks. */
async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

/** Most uploads have no such folder: finding that out is one call of the system. */
async function removeDir(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    await rm(path, { recursive: true, force: true })
  }
}
