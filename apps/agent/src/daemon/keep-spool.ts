import { rmSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import { findByPath } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import { takeStateLock } from '../queue/state-dir.ts'
import type { StoredUpload } from '../queue/stored-upload.ts'
import { sleep } from '../sleep.ts'
import { readSpooled, spooledIds, spoolOf } from '../spool/spool-folder.ts'
import { createDoorbell } from '../upload/doorbell.ts'
import { addPiped } from './add-piped.ts'

export type KeepSpoolOptions = { queue: Queue; stateDir: string; log: Logger; signal: AbortSignal }

/** What a pipe left unfinished is kept as long, for a person who wants to save something of it. */
const keptUnfinishedMs = 86_400_000
/** However much happens in the queue, between two looks at the spool. */
const pauseMs = 1_000
/** For what nobody tells of: a command that was killed, a clip that has been digested. */
const lookEveryMs = 30_000

/**
 * Looks after what came through pipes: queues a whole clip that its command could not queue any more, removes one that is home, and what a
 * pipe left unfinished a day ago. Whatever else becomes of a clip, here lies its only copy, and it stays. Ends with the signal.
 */
export async function keepSpool(options: KeepSpoolOptions): Promise<void> {
  const { queue, signal } = options
  const stateDir = await realpath(options.stateDir)
  const bell = createDoorbell()
  const stopListening = queue.listen(({ kind }) => {
    if (kind === 'work') bell.ring()
  })
  try {
    while (!signal.aborted) {
      const seen = bell.rings
      for (const id of await spooledIds(stateDir)) {
        if (signal.aborted) return
        await lookAt({ ...options, stateDir }, id)
      }
      await sleep(pauseMs, signal)
      await bell.wait(seen, lookEveryMs, signal)
    }
  } finally {
    stopListening()
  }
}

async function lookAt({ queue, stateDir, log }: KeepSpoolOptions, id: string): Promise<void> {
  const folder = join(spoolOf(stateDir), id)
  try {
    const spooled = await readSpooled(folder)
    if (spooled.kind !== 'whole') {
      const isOld = queue.now() - spooled.modifiedAt > keptUnfinishedMs
      if (isOld && isLeft(folder)) {
        rmSync(folder, { recursive: true, force: true })
        log.warn({ folder }, 'what a pipe left unfinished was removed after a day')
      }
      return
    }
    const { path } = spooled
    const upload = findByPath(queue, path)
    if (upload === null) {
      if (isLeft(folder))
        log.info(await addPiped(queue, stateDir, id), 'a clip of a pipe that was in no queue is taken up')
    } else if (isHome(upload)) {
      rmSync(folder, { recursive: true, force: true })
      log.info({ path }, 'a clip that came through a pipe is home; its spooled copy was removed')
    }
  } catch (error) {
    log.warn({ folder, error: errorMessage(error) }, 'a clip of a pipe cannot be looked after')
  }
}

/** Nobody fills it: the lock goes back with the end of the command, however it ends. No clock tells that, they are set. */
function isLeft(folder: string): boolean {
  const lock = takeStateLock(folder)
  lock?.release()
  return lock !== null
}

/**
 * Verified, or all there is to have of a destination that confirms nothing. Not before the digest of the whole file is known, which is read
 * from here; one that was only found at the destination was never compared with this file.
 */
const isHome = ({ state, digest }: StoredUpload): boolean =>
  digest !== null && (state.kind === 'verified' || (state.kind === 'uploaded' && state.custody === 'none'))
