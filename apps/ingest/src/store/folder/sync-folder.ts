import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isErrno } from './errno.ts'

/** Makes the entries of folders durable: what was created, linked or renamed in them is found again after a power cut. */
export type FolderSync = {
  sync(path: string): Promise<void>
  /** Makes a folder and those between it and the root, each durable in its parent. */
  make(path: string): Promise<void>
  /** Makes a folder, durable in its parent, which has to be there: nothing is made where the volume of a store is gone. */
  makeOne(path: string): Promise<void>
}

/** Beyond so many known folders they are forgotten, which costs a sync each. */
const maxKnown = 10_000

/** Syncs asked for while one of the same folder runs share the next one: many small clips cost few syncs. */
export function createFolderSync(root: string): FolderSync {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()
  const durable = new Set<string>()

  const begin = (path: string): Promise<void> => {
    const sync = syncOnce(path).finally(() => {
      if (running.get(path) === sync) running.delete(path)
    })
    running.set(path, sync)
    return sync
  }
  const sync = (path: string): Promise<void> => {
    const current = running.get(path)
    if (current === undefined) return begin(path)
    // What runs may have begun before our change; only the one after it surely has it.
    const next =
      waiting.get(path) ??
      current
        .catch(() => undefined) // those who asked for it hear of it
        .then(() => {
          waiting.delete(path)
          return begin(path)
        })
    waiting.set(path, next)
    return next
  }
  const remember = (path: string) => {
    if (durable.size >= maxKnown) durable.clear()
    durable.add(path)
  }
  return {
    sync,
    async make(path) {
      const first = await mkdir(path, { recursive: true })
      if (first === undefined && durable.has(path)) return
      // Also when it was there: whoever made it may not have come to the syncs yet.
      for (let made = path; made !== root && made !== dirname(made); made = dirname(made)) await sync(dirname(made))
      remember(path)
    },
    async makeOne(path) {
      const isNew = await mkdir(path).then(
        () => true,
        (error: unknown) => {
          if (isErrno(error, 'EEXIST')) return false
          throw error
        },
      )
      if (!isNew && durable.has(path)) return
      await sync(dirname(path))
      remember(path)
    },
  }
}

async function syncOnce(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
