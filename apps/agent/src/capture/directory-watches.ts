import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../agent-error.ts'
import type { FileLook } from './file-identity.ts'

/** Each costs an inotify watch, of which older kernels allow 8,192 to a user. */
const maxDirectories = 4_000

type Watched = { watcher: FSWatcher; inode: bigint; device: bigint; seenInScan: number }

export type DirectoryWatchesOptions = {
  /** Something happened at this path below the watch folder; it is a hint, nothing more. */
  onHint(path: string): void
  /** Called once: events will not come, or not all; polling has to do. */
  onUnreliable(cause: { code: string; message: string }): void
}

/**
 * Watches every directory of a watch folder, one by one. Node.js's own recursive watch lists the tree synchronously and keeps every
 * path in memory, which a folder of 100,000 files does not allow.
 */
export class DirectoryWatches {
  readonly #options: DirectoryWatchesOptions
  readonly #watched = new Map<string, Watched>()
  #isReliable = true
  #scan = 0

  constructor(options: DirectoryWatchesOptions) {
    this.#options = options
  }

  get isReliable(): boolean {
    return this.#isReliable
  }

  has(path: string): boolean {
    return this.#watched.has(path)
  }

  /** Sees to it that the directory is watched: this one, not one that had its name before. */
  arm(realRoot: string, path: string, look: FileLook): void {
    if (!this.#isReliable) return
    const existing = this.#watched.get(path)
    if (existing !== undefined && existing.inode === look.inode && existing.device === look.device) {
      existing.seenInScan = this.#scan
      return
    }
    this.#disarm(path)
    if (this.#watched.size >= maxDirectories) {
      this.giveUp({ code: 'TOO_MANY_DIRECTORIES', message: `more than ${maxDirectories} directories to watch` })
      return
    }
    try {
      const watcher = watch(join(realRoot, path), { persistent: false }, (_, name) => {
        this.#options.onHint(name === null || path === '' ? (name ?? '') : `${path}/${name}`)
      })
      watcher.on('error', () => this.#disarm(path))
      this.#watched.set(path, { watcher, inode: look.inode, device: look.device, seenInScan: this.#scan })
    } catch (error) {
      // Gone again between being seen and being watched: the scan will find that out.
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return
      this.giveUp({ code: errorCode(error), message: errorMessage(error) })
    }
  }

  /** Stops watching for good, until `reset`. */
  giveUp(cause: { code: string; message: string }): void {
    if (!this.#isReliable) return
    this.close()
    this.#isReliable = false
    this.#options.onUnreliable(cause)
  }

  /** The folder went away: whatever comes in its place may be watched anew. */
  reset(): void {
    this.close()
    this.#isReliable = true
  }

  beginScan(): void {
    this.#scan += 1
  }

  closeUnseen(): void {
    for (const [path, { seenInScan }] of this.#watched) if (seenInScan !== this.#scan) this.#disarm(path)
  }

  close(): void {
    for (const path of [...this.#watched.keys()]) this.#disarm(path)
  }

  #disarm(path: string): void {
    this.#watched.get(path)?.watcher.close()
    this.#watched.delete(path)
  }
}
