import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Queue } from '../queue/open-queue.ts'
import { readSpooled, spoolOf } from '../spool/spool-folder.ts'
import { type AddOutcome, addFile } from './add-file.ts'
import { holdReason } from './hold-reason.ts'

/** Queues a whole clip of the spool, once however often it is asked for. Its capture began with its pipe. */
export async function addPiped(queue: Queue, stateDir: string, id: string): Promise<AddOutcome> {
  const folder = join(spoolOf(await realpath(stateDir)), id)
  const spooled = await readSpooled(folder)
  if (spooled.kind !== 'whole')
    return { path: folder, outcome: 'unreadable', code: 'ENOENT', message: 'no whole clip of a pipe lies here' }
  const { path, note } = spooled
  // The device may have come to another project, or the queue been lost, since the pipe began: then a person decides.
  const hold = holdReason(queue, 'on-close', { ...note.began, isWitnessed: true })
  return addFile(queue, path, note.channel, { captured: note.began, hold })
}
