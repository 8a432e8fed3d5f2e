import { statfs } from 'node:fs/promises'
import type { Logger } from 'pino'
import { type DiskReserve, isDiskFull, reserveBytes } from '../queue/disk-reserve.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendEvent } from '../queue/outbox.ts'
import { sleep } from '../sleep.ts'

/** With less than this left, nothing new is begun; what is on its way can still be recorded. */
const scarceBytes = 4 * 1024 * 1024
/** With the reserve taken again, as much is to be left over before work goes on. */
export const ampleBytes = reserveBytes
const lookEveryMs = 5_000

export type GuardDiskOptions = {
  queue: Queue
  stateDir: string
  reserve: DiskReserve
  log: Logger
  signal: AbortSignal
  lookEveryMs?: number
}

/**
 * Watches the room that the state folder has. When it runs out, work stops with one alert; when there is room again the reserve is taken
 * again and work goes on, without a restart. Ends with the signal.
 */
export async function guardDisk(options: GuardDiskOptions): Promise<void> {
  const { queue, stateDir, reserve, log, signal } = options
  let isAlerted = false
  while (!signal.aborted) {
    const freeBytes = await freeBytesOf(stateDir)
    if (!queue.diskFull && freeBytes !== null && freeBytes < scarceBytes) queue.noticeDiskFull()
    if (queue.diskFull && !isAlerted) {
      isAlerted = true
      log.error(
        { stateDir, freeBytes },
        'the disk of the state folder is full; nothing new is begun until there is room',
      )
      tell(queue, 'diskFull', 'The disk of the device is full; uploads wait until there is room.')
    }
    const needed = reserve.isTaken() ? ampleBytes : reserveBytes + ampleBytes
    if (queue.diskFull && freeBytes !== null && freeBytes >= needed && reserve.restore()) {
      isAlerted = false
      queue.diskFull = false
      log.info({ freeBytes }, 'the disk has room again; work goes on')
      tell(queue, 'diskHasRoom', 'The disk of the device has room again; uploads go on.')
      queue.tell({ kind: 'status' })
      queue.tell({ kind: 'work' })
    }
    await sleep(options.lookEveryMs ?? lookEveryMs, signal)
  }
}

/** Null where it cannot be found out, which is not for this loop to judge. */
const freeBytesOf = (path: string): Promise<number | null> =>
  statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  )

function tell(queue: Queue, code: string, message: string): void {
  try {
    queue.transact(() => appendEvent(queue, { kind: 'notice', code, message }))
  } catch (error) {
    // Not even this fits: the status says it too, from memory.
    if (!isDiskFull(error)) throw error
  }
}
