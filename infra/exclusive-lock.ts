import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Takes a lock that ends with this process, in whatever way that ends: SQLite's on a file of its own, since Node has no
 * `flock`. A file with a process number in it would outlive its holder.
 *
 * @returns the release; undefined while somebody else has the lock
 */
export function tryLock(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path)
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database.close()
    // 5 is SQLITE_BUSY.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined
    throw error
  }
  return () => database.close()
}

/** Waits for a lock; `onWait` is told once when there is somebody to wait for. */
export async function waitForLock(path: string, onWait: () => void, signal: AbortSignal): Promise<() => void> {
  for (let attempt = 0; ; attempt += 1) {
    const release = tryLock(path)
    if (release !== undefined) return release
    if (attempt === 0) onWait()
    await wait(200, undefined, { signal })
  }
}
