import { realpath } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { FindWhereabouts } from '../capture/capture-port.ts'
import { readVolumeTable, type VolumeTable } from '../capture/volume-table.ts'
import { whereaboutsIn } from '../capture/whereabouts.ts'
import { applyToUpload, findUpload } from '../queue/apply-upload-event.ts'
import { findGrowth } from '../queue/growths.ts'
import { growingUploads, type ResumableState, uploadsInState } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import type { StoredSource, StoredUpload } from '../queue/stored-upload.ts'
import { sleep } from '../sleep.ts'

const pageSize = 100
/** What nobody reads by itself. What is queued or on its way meets its sender, who says that its file is gone. */
const unreadStates: readonly ResumableState[] = ['held', 'failed', 'waiting']
/** While a recorder goes on recording something always grows. */
const patienceMs = 300_000

export type ClearVanishedOptions = {
  capture: { rescan(): Promise<void>; counts(): { growing: number } }
  log: Logger
  signal: AbortSignal
  /** How long a file that is not there must stay away: of a card that is pulled out the files may vanish before its mount does. */
  lookAgainMs?: number
}

/**
 * Clears uploads whose file has been deleted or renamed while no agent ran: capture has never seen it in this run, so nobody else would say that it is
 * gone. First those that were growing; then, once what was renamed is known by its new name, those that nobody reads: held, failed and waiting ones. One
 * look at the disk at a time, a page of rows after the other. What lies on an absent volume is left. Never rejects: what cannot be looked at is left too.
 */
export async function clearVanished(queue: Queue, options: ClearVanishedOptions): Promise<void> {
  // Whoever stops does not wait for a medium that does not answer.
  const stopped = new Promise<void>((resolve) =>
    options.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  await Promise.race([clearAll(queue, options), stopped])
}

async function clearAll(queue: Queue, options: ClearVanishedOptions): Promise<void> {
  const { capture, log, signal } = options
  try {
    const settling = untilSettled(capture, signal)
    await clearEach(queue, options, isGrowing, (afterSeq) => growingUploads(queue, afterSeq, pageSize))
    await settling
    for (const state of unreadStates)
      await clearEach(queue, options, isUnread, (afterSeq) => uploadsInState(queue, state, afterSeq, pageSize))
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'not every file could be looked for; the next start does')
  }
}

/** What a rename leaves behind is no deleted file: capture tells of it when the file has come to rest under its new name. */
async function untilSettled(capture: ClearVanishedOptions['capture'], signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  await Promise.race([capture.rescan(), sleep(patienceMs, patience)])
  while (!patience.aborted && capture.counts().growing > 0) await sleep(1_000, patience)
}

type IsStill = (queue: Queue, upload: StoredUpload) => boolean

const isGrowing: IsStill = (queue, { id, state }) => state.kind === 'growing' || findGrowth(queue, id) !== null
const isUnread: IsStill = (_, { state, source }) =>
  // Of a file that was never asked for its volume nobody knows whether that is in.
  source.volumeId !== '' && unreadStates.some((kind) => kind === state.kind)

async function clearEach(
  queue: Queue,
  { log, signal, lookAgainMs = 1_000 }: ClearVanishedOptions,
  isStill: IsStill,
  pageAfter: (afterSeq: number) => StoredUpload[],
): Promise<void> {
  let afterSeq = 0
  let volumes: VolumeTable | null = null
  while (!signal.aborted) {
    const page = pageAfter(afterSeq)
    const last = page.at(-1)
    if (last === undefined) return
    afterSeq = last.seq
    volumes = await readVolumeTable(volumes)
    let missing: Missing[] = []
    for (const upload of page) {
      if (signal.aborted) return
      const question = isStill(queue, upload) ? await questionOf(upload.source, volumes) : null
      if (question !== null && (await whereaboutsIn(volumes, ...question)) === 'deleted')
        missing.push({ upload, question })
    }
    if (missing.length > 0) await sleep(lookAgainMs, signal)
    // Each look by what is mounted then: a volume that went between the two is known to be gone by the later one.
    for (let look = 1; look <= 2 && missing.length > 0; look++) missing = await stillMissing(missing, signal)
    if (signal.aborted) return
    for (const { upload } of missing)
      if (clear(queue, upload, isStill)) log.info({ path: upload.source.path }, 'file was deleted meanwhile')
  }
}

type Question = Parameters<FindWhereabouts>
type Missing = { upload: StoredUpload; question: Question }

async function stillMissing(missing: readonly Missing[], signal: AbortSignal): Promise<Missing[]> {
  const volumes = await readVolumeTable(null)
  const still: Missing[] = []
  for (const each of missing) {
    if (signal.aborted) return []
    if ((await whereaboutsIn(volumes, ...each.question)) === 'deleted') still.push(each)
  }
  return still
}

/** What is asked about a file; null where nobody can say on which volume it lay. */
async function questionOf(source: StoredSource, volumes: VolumeTable): Promise<Question | null> {
  const volumeId = source.volumeId === '' ? await volumeOf(source.watchFolder, volumes) : source.volumeId
  return volumeId === null ? null : [source.path, { ...source, volumeId }, source.watchFolder]
}

/** A file that never rested was never asked for its volume: it lay on the one of its watch folder. Null when that is absent. */
async function volumeOf(watchFolder: string | null, volumes: VolumeTable): Promise<string | null> {
  if (watchFolder === null) return null
  const folder = await realpath(watchFolder).catch(() => null) // unreachable is as good as absent
  return folder === null ? null : volumes.find(folder).id
}

/** Only while the row still is what it was when its file was looked for. */
function clear(queue: Queue, { id, source }: StoredUpload, isStill: IsStill): boolean {
  return queue.transact(() => {
    const now = findUpload(queue, id)
    if (now === null || now.source.path !== source.path || !isStill(queue, now)) return false
    return applyToUpload(queue, now, { kind: 'cleared', reason: 'sourceDeleted' }).kind === 'moved'
  })
}
