import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gatheringFolder } from './layout.ts'

/**
 * Of several programs on one folder, one keeps it: it alone writes parts to their places, assembles clips and tidies up. The
 * others take parts in as well, apart, where nobody can meet anybody.
 */
export type Keeper = {
  isHeld(): boolean
  /** Becomes the keeper if nobody is. True when it has just become so. */
  tryTake(): boolean
  release(): void
}

/** SQLite's answer when somebody else has the lock. */
const busy = 5

/**
 * The right is a lock of the operating system, since a lease by the clock could end while a slow write is still under way: it
 * ends with the process that holds it, in whatever way that ends, and then no write of that process can follow. Node has no
 * `flock`; SQLite takes the same kind of lock on a file of its own.
 *
 * @throws what SQLite throws where the file cannot be made or the file system knows no locks
 */
export function createKeeper(root: string): Keeper {
  const path = join(root, gatheringFolder, 'keeper.lock')
  let lock: DatabaseSync | null = null
  return {
    isHeld: () => lock !== null,
    tryTake() {
      if (lock !== null) return false
      const database = new DatabaseSync(path)
      try {
        database.exec('pragma locking_mode = exclusive; begin exclusive')
      } catch (error) {
        database.close()
        if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false
        throw error
      }
      lock = database
      return true
    },
    release() {
      lock?.close()
      lock = null
    },
  }
}
