import { realpath } from 'node:fs/promises'
import type { Logger } from 'pino'
import { readVolumeTable } from '../capture/volume-table.ts'
import { findWhereabouts } from '../capture/whereabouts.ts'
import { applyToUpload, findUpload } from '../queue/apply-upload-event.ts'
import { findGrowth } from '../queue/growths.ts'
import { growingUploads } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredSource, StoredUpload } from '../queue/stored-upload.ts'

const pageSize = 100

/**
 * Clears uploads whose file was growing when the agent ended and has been deleted or renamed since: capture has never seen it in this run, so
 * nobody else would say that it is gone. What lies on an absent volume is left. Never rejects: what cannot be looked at is left too.
 */
export async function clearVanished(
  queue: Queue,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  let afterSeq = 0
  try {
    for (;;) {
      const page = growingUploads(queue, afterSeq, pageSize)
      for (const upload of page) {
        if (signal.aborted) return
        const isDeleted = await isGoneForGood(upload.source)
        if (signal.aborted) return
        if (isDeleted && clear(queue, upload))
          log.info({ path: upload.source.path }, 'growing file was deleted meanwhile')
      }
      const last = page.at(-1)
      if (last === undefined || page.length < pageSize) return
      afterSeq = last.seq
    }
  } catch (error) {
    log.error({ err: error }, 'files that were growing could not all be looked at; the next start does')
  }
}

async function isGoneForGood(source: StoredSource): Promise<boolean> {
  const { path, watchFolder } = source
  const volumeId = source.volumeId === '' ? await volumeOf(watchFolder) : source.volumeId
  return volumeId !== null && (await findWhereabouts(path, { ...source, volumeId }, watchFolder)) === 'deleted'
}

/** A file that never rested was never asked for its volume: it lay on the one of its watch folder. Null when that is absent. */
async function volumeOf(watchFolder: string | null): Promise<string | null> {
  if (watchFolder === null) return null
  const folder = await realpath(watchFolder).catch(() => null) // unreachable is as good as absent
  return folder === null ? null : (await readVolumeTable(null)).find(folder).id
}

/** Only while the row still is what it was when its file was looked for. */
function clear(queue: Queue, { id, source }: StoredUpload): boolean {
  return queue.transact(() => {
    const now = findUpload(queue, id)
    if (now === null || now.source.path !== source.path) return false
    if (now.state.kind !== 'growing' && findGrowth(queue, id) === null) return false
    return applyToUpload(queue, now, { kind: 'cleared', reason: 'sourceDeleted' }).kind === 'moved'
  })
}
