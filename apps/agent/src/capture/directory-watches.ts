import { type FSWatcher, watch } from 'node:fs'
import { basename, join } from 'node:path'
import { errorCode, errorMessage } from '../agent-error.ts'
import type { DirectoryLook } from './file-identity.ts'

/** Each costs an inotify watch, of which older kernels allow 8,192 to a user. */
const maxDirectories = 4_000

type Watched = { watcher: FSWatcher; look: DirectoryLook; seenInScan: number }

export type DirectoryWatchesOptions = {
  /** Something happened at this path below the watch folder; it is a hint, nothing more. */
  onHint(path: string): void
  /** A directory was deleted or moved away; it is not watched any more. */
  onGone(path: string): void
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

  /** Sees to it that the directory is watched: this one, not one that had its name before. */
  arm(realRoot: string, path: string, look: DirectoryLook): void {
    if (!this.#isReliable) return
    const existing = this.#watched.get(path)
    if (existing !== undefined && isSame(existing.look, look)) {
      existing.seenInScan = this.#scan
      return
    }
    this.#disarm(path)
    if (this.#watched.size >= maxDirectories) {
      this.giveUp({ code: 'TOO_MANY_DIRECTORIES', message: `more than ${maxDirectories} directories to watch` })
      return
    }
    try {
      const absolute = join(realRoot, path)
      const watcher = watch(absolute, { persistent: false }, (event, name) =>
        this.#pass(path, basename(absolute), event, name),
      )
      watcher.on('error', () => this.#disarm(path))
      this.#watched.set(path, { watcher, look, seenInScan: this.#scan })
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

  #pass(path: string, ownName: string, event: string, name: string | null): void {
    const below = (child: string) => (path === '' ? child : `${path}/${child}`)
    this.#options.onHint(name === null ? path : below(name))
    // What happens to the directory itself is told under its own name. Something in it may have that name too: then it is watched again in a moment.
    if (event === 'rename' && name === ownName) {
      this.#disarm(path)
      this.#options.onGone(path)
    }
  }

  #disarm(path: string): void {
    this.#watched.get(path)?.watcher.close()
    this.#watched.delete(path)
  }
}

function isSame(a: DirectoryLook, b: DirectoryLook): boolean {
  return a.inode === b.inode && a.device === b.device && a.birthtimeNs === b.birthtimeNs
}
