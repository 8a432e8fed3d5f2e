import { lstat, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode } from '../agent-error.ts'
import type { DirectoryLook } from './file-identity.ts'

export type RootLook = { kind: 'there'; realPath: string; look: DirectoryLook } | { kind: 'absent'; code: string }

/** The watch folder itself: whether it is there, and where it really is. */
export class WatchRoot {
  /** As the folder's files' paths begin; it may lead through symbolic links. */
  readonly path: string
  #realPath: string | null = null
  #state: 'unknown' | RootLook['kind'] = 'unknown'

  constructor(path: string) {
    this.path = resolve(path)
  }

  /** Null until it was first seen; afterwards where it was last. */
  get realPath(): string | null {
    return this.#realPath
  }

  get state(): 'unknown' | RootLook['kind'] {
    return this.#state
  }

  isAt(path: string): boolean {
    return path === this.path || path === this.#realPath
  }

  /** Finds the real path without judging anything. */
  async locate(): Promise<void> {
    this.#realPath = await realpath(this.path).catch(() => null)
  }

  /** Looks at it, and says whether that is news. */
  async look(): Promise<RootLook & { isNews: boolean }> {
    const seen = await lookAtRoot(this.path)
    const isNews = seen.kind !== this.#state
    this.#state = seen.kind
    if (seen.kind === 'there') this.#realPath = seen.realPath
    return { ...seen, isNews }
  }

  async isThere(): Promise<boolean> {
    return (await lookAtRoot(this.path)).kind === 'there'
  }
}

async function lookAtRoot(path: string): Promise<RootLook> {
  try {
    const realPath = await realpath(path)
    const stat = await lstat(realPath, { bigint: true })
    if (!stat.isDirectory()) return { kind: 'absent', code: 'ENOTDIR' }
    const { mtimeNs, ino, dev, birthtimeNs } = stat
    return { kind: 'there', realPath, look: { sizeBytes: 0, mtimeNs, inode: ino, device: dev, birthtimeNs } }
  } catch (error) {
    // Whatever the cause: a folder that cannot be looked at cannot tell us that its files were deleted.
    return { kind: 'absent', code: errorCode(error) }
  }
}
