import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from './errno.ts'
import { apartName, assetIdOf, dataName, gatheringFolder, incomingPrefix, partName } from './layout.ts'
import { createPartWriter, type PartWriter } from './part-writer.ts'
import type { FolderSync } from './sync-folder.ts'

/** Bytes that lie apart until their place in the file is known, or until they replace others. */
export type ApartWriter = PartWriter & {
  /** After `sync`: makes them the bytes of this part, in one step, over those that were there. */
  keepAs(number: number): Promise<void>
  /** Throws them away. */
  drop(): Promise<void>
}

/** What is in the gathering folder for one upload. */
export type GatheredUpload = { dataBytes: number; apartCount: number }

/**
 * The hidden half of the folder store. Parts with a known place are written straight into `<asset>.data`; the others lie in
 * `<asset>.apart/part-<number>` and count before what the data file holds at their place.
 */
export type Gathering = {
  writeInPlace(assetId: string, offsetBytes: number): Promise<PartWriter>
  writeApart(assetId: string): Promise<ApartWriter>
  isApart(assetId: string, number: number): Promise<boolean>
  /** Numbers of the parts that lie apart. */
  apartNumbers(assetId: string): Promise<number[]>
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
  const apartFile = (assetId: string, number: number) => join(apartDir(assetId), partName(number))

  return {
    async writeInPlace(assetId, offsetBytes) {
      const path = join(folder, dataName(assetId))
      const flags = constants.O_WRONLY | constants.O_CREAT
      const file = await open(path, flags, 0o644)
      const writer = createPartWriter(file, offsetBytes)
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
      await folders.make(dir)
      const path = join(dir, `${incomingPrefix}${randomUUID()}`)
      const writer = createPartWriter(await open(path, 'wx', 0o644), 0)
      return {
        ...writer,
        async keepAs(number) {
          await writer.close()
          await rename(path, apartFile(assetId, number))
          await folders.sync(dir)
        },
        async drop() {
          await writer.close()
          await rm(path, { force: true })
        },
      }
    },

    async isApart(assetId, number) {
      try {
        await stat(apartFile(assetId, number))
        return true
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return false
        throw error
      }
    },

    async apartNumbers(assetId) {
      const names = await entriesOf(apartDir(assetId))
      return names.flatMap((name) => {
        const number = /^part-(\d+)$/.exec(name)?.[1]
        return number === undefined ? [] : [Number(number)]
      })
    },

    async discard(assetId) {
      durableData.delete(assetId)
      await rm(apartDir(assetId), { recursive: true, force: true })
      await rm(join(folder, dataName(assetId)), { force: true })
    },

    async inspect(assetId) {
      const apart = await entriesOf(apartDir(assetId))
      const apartCount = apart.filter((name) => !name.startsWith(incomingPrefix)).length
      return { dataBytes: await sizeOf(join(folder, dataName(assetId))), apartCount }
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
          const { mtimeMs } = await stat(path)
          if (Date.now() - mtimeMs < untouchedForMs) continue
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

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0 // as above
    throw error
  }
}
