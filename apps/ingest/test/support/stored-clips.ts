import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { TestDatabase } from '@rushes/db/testing'
import { visibleFiles } from './clips.ts'
import type { TestBucket } from './test-bucket.ts'

/** A look at what people get to see of a store, past the program under test, and a hand in it. */
export type StoredClips = {
  /** Names of the clips that are there, in order. */
  names(): Promise<string[]>
  sizes(): Promise<{ name: string; sizeBytes: number }[]>
  /** Bytes of the clip of this name; fails unless there is exactly one. */
  read(name: string): Promise<Buffer<ArrayBuffer>>
  /** Puts other bytes in the place of a clip's, or with null takes it away. */
  replace(name: string, bytes: Uint8Array | null): Promise<void>
}

export function clipsInFolder(dir: string): StoredClips {
  const base = (path: string) => path.split(sep).at(-1) ?? ''
  const pathOf = async (name: string) =>
    join(
      dir,
      only(
        name,
        (await visibleFiles(dir)).filter((path) => base(path) === name),
      ),
    )
  return {
    names: async () => (await visibleFiles(dir)).map(base).sort(),
    sizes: async () =>
      Promise.all(
        (await visibleFiles(dir)).map(async (path) => ({
          name: base(path),
          sizeBytes: (await stat(join(dir, path))).size,
        })),
      ),
    read: async (name) => readFile(await pathOf(name)),
    async replace(name, bytes) {
      const path = await pathOf(name)
      await (bytes === null ? rm(path) : writeFile(path, bytes))
    },
  }
}

/** In a bucket names are nowhere but in the rows. */
export function clipsInBucket(bucket: TestBucket, database: TestDatabase): StoredClips {
  const stored = async () => {
    const keys = new Set(await bucket.keys())
    const { rows } = await database.pool.query<{ name: string; store_key: string }>(
      'select name, store_key from assets',
    )
    return rows.filter((row) => keys.has(row.store_key))
  }
  const keyOf = async (name: string) =>
    only(
      name,
      (await stored()).filter((row) => row.name === name).map((row) => row.store_key),
    )
  return {
    names: async () => (await stored()).map((row) => row.name).sort(),
    sizes: async () =>
      Promise.all(
        (await stored()).map(async (row) => ({ name: row.name, sizeBytes: await bucket.sizeOf(row.store_key) })),
      ),
    read: async (name) => bucket.read(await keyOf(name)),
    async replace(name, bytes) {
      const at = { Bucket: bucket.config.bucket, Key: await keyOf(name) }
      await bucket.client.send(
        bytes === null ? new DeleteObjectCommand(at) : new PutObjectCommand({ ...at, Body: bytes }),
      )
    },
  }
}

function only(name: string, found: string[]): string {
  const [first, ...more] = found
  if (first === undefined || more.length > 0) throw new Error(`${found.length} stored clips are called ${name}`)
  return first
}
