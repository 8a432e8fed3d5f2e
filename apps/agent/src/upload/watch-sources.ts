import { findWhereabouts } from '../capture/whereabouts.ts'
import { applyUploadEvent } from '../queue/apply-upload-event.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredSource } from '../queue/stored-upload.ts'
import { awaitingSource } from '../queue/waits.ts'
import { sleep } from '../sleep.ts'
import { lookAtSource } from './look-at-source.ts'

const lookEveryMs = 2_000
const looksAtOnce = 100

/**
 * Lets uploads go on whose file is back where it was: a card that was put in again, a share or a folder that has come back. Whatever
 * else lies there now is found out when it is read.
 */
export async function watchSources(queue: Queue, signal: AbortSignal): Promise<void> {
  let afterSeq = 0
  while (!signal.aborted) {
    const page = awaitingSource(queue, afterSeq, looksAtOnce)
    afterSeq = page.length < looksAtOnce ? 0 : (page.at(-1)?.seq ?? 0)
    for (const upload of page) {
      if (await isBack(upload.source)) applyUploadEvent(queue, upload.id, { kind: 'waitEnded' })
    }
    await sleep(lookEveryMs, signal)
  }
}

/** Cards of one camera hold files of the same names: of the card that is away, the one that is in says nothing. */
export async function isBack(source: StoredSource): Promise<boolean> {
  if ((await lookAtSource(source)).kind === 'problem') return false
  if (source.volumeId === '') return true
  return (await findWhereabouts(source.path, source, source.watchFolder)) !== 'volumeAbsent'
}
