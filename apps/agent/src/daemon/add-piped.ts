import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Capture, HeldReason } from '@rushes/upload-core'
import { isCapturedSince } from '../queue/capture-clock.ts'
import { readUploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { rebuiltAt } from '../queue/rebuild-queue.ts'
import { readSpooled, spoolOf } from '../spool/spool-folder.ts'
import { type AddOutcome, addFile } from './add-file.ts'

/** Queues a whole clip of the spool, once however often it is asked for. Its capture began with its pipe. */
export async function addPiped(queue: Queue, stateDir: string, id: string): Promise<AddOutcome> {
  const folder = join(spoolOf(await realpath(stateDir)), id)
  const spooled = await readSpooled(folder)
  if (spooled.kind !== 'whole')
    return { path: folder, outcome: 'unreadable', code: 'ENOENT', message: 'no whole clip of a pipe lies here' }
  const { path, note } = spooled
  return addFile(queue, path, note.channel, { captured: note.began, hold: holdOf(queue, note.began) })
}

/** The device may have come to another project, or the queue been lost, since the pipe began: then a person decides. */
function holdOf(queue: Queue, began: Capture): HeldReason | null {
  const lostAt = rebuiltAt(queue)
  if (lostAt !== null && began.at <= lostAt) return 'queueRebuilt'
  const link = readUploadLink(queue)
  if (link === null || link.projectSince === null) return 'capturedBeforePairing'
  return isCapturedSince(queue, [link.paired, link.projectSince], { ...began, isWitnessed: true })
    ? null
    : 'capturedBeforePairing'
}
