import {
  betterServerAtBoot,
  bootInstantOf,
  type Capture,
  type ClockReading,
  isKnownSince,
  type Moment,
  momentByServer,
  onOneClock,
} from '@rushes/upload-core'
import { uptimeStepMs } from '../boot-id.ts'
import type { Queue } from './open-queue.ts'
import { integer, type Row, textOrNull } from './row.ts'
import type { StoredUpload } from './stored-upload.ts'

/** Clips that wait for longer than this many boots are told by the wall clock. */
const maxBoots = 100

/** So often the clocks are looked at for one reading, at most. */
const maxLooks = 5

/**
 * What the clocks of the device show, both at one moment: if the process stood still between a look at one and at the other (a busy machine, one
 * that was suspended), whatever one tells and the other keeps would be off by as much.
 */
export function readClocks(queue: Queue): ClockReading {
  let uptimeMs = queue.uptimeMs()
  for (let look = 1; ; look++) {
    const before = uptimeMs
    const wallMs = queue.now()
    uptimeMs = queue.uptimeMs()
    if (uptimeMs - before <= uptimeStepMs || look === maxLooks) return { wallMs, uptimeMs, bootId: queue.bootId }
  }
}

/** A capture that began at `at` by the wall clock as it goes now. */
export const captureAt = (queue: Queue, at: number): Capture => ({ at, inBoot: bootInstantOf(at, readClocks(queue)) })

/** Now, no earlier than it is by either clock: what is not known to have begun since then is not to pass for later. */
export function momentNow(queue: Queue): Moment {
  const { wallMs, uptimeMs, bootId } = readClocks(queue)
  return { at: wallMs, inBoot: { bootId, uptimeMs: uptimeMs + uptimeStepMs } }
}

/** A stored moment: beside `at`, the columns of its boot and of how long that had run. */
export function momentOf(row: Row, at: number, column: 'paired' | 'project_since' | 'renewed' | 'rebuilt'): Moment {
  const bootId = textOrNull(row, `${column}_boot_id`)
  return { at, inBoot: bootId === null ? null : { bootId, uptimeMs: integer(row, `${column}_uptime_ms`) } }
}

/** A moment of this boot by the server's clock; null where that was not heard yet. */
export const momentOfServer = (queue: Queue, serverMs: number): Moment | null =>
  momentByServer(serverMs, readClocks(queue), serverAtBoot(queue, queue.bootId))

/** Whether a capture is known to have begun at these moments or later. `isWitnessed`: this agent saw it begin. */
export function isCapturedSince(
  queue: Queue,
  marks: readonly Moment[],
  capture: Capture & { isWitnessed: boolean },
): boolean {
  const now = readClocks(queue)
  return marks.every((mark) => isKnownSince(mark, capture, now, (bootId) => serverAtBoot(queue, bootId)))
}

/** The start of an upload's capture and now, on one clock. */
export function captureOnOneClock(
  queue: Queue,
  { capturedAt, capturedInBoot }: Pick<StoredUpload, 'capturedAt' | 'capturedInBoot'>,
): { capturedAt: number | null; now: number } {
  const capture = capturedAt === null ? null : { at: capturedAt, inBoot: capturedInBoot }
  return onOneClock(capture, readClocks(queue), (bootId) => serverAtBoot(queue, bootId))
}

/** Whether only the server's time can tell how long ago another boot captured it, and the server was not heard in this one yet. */
export function lacksServerTime(queue: Queue, { capturedInBoot }: Pick<StoredUpload, 'capturedInBoot'>): boolean {
  if (capturedInBoot === null || capturedInBoot.bootId === queue.bootId) return false
  return serverAtBoot(queue, capturedInBoot.bootId) !== null && serverAtBoot(queue, queue.bootId) === null
}

/** Notes when a capture began. To be called in the transaction that decides it. */
export function storeCapture(queue: Queue, uploadId: string, { at, inBoot }: Capture): void {
  queue
    .sql('UPDATE uploads SET captured_at = ?, captured_boot_id = ?, captured_uptime_ms = ? WHERE id = ?')
    .run(at, inBoot?.bootId ?? null, inBoot?.uptimeMs ?? null, uploadId)
}

/** The destination has just said what time it is. */
export function noteServerTime(queue: Queue, serverNowMs: number): void {
  const known = serverAtBoot(queue, queue.bootId)
  const better = betterServerAtBoot(known, serverNowMs - queue.uptimeMs())
  if (better === known) return
  queue.transact(() => {
    queue
      .sql(
        `INSERT INTO boots (boot_id, server_at_boot) VALUES (?, ?)
          ON CONFLICT (boot_id) DO UPDATE SET server_at_boot = excluded.server_at_boot`,
      )
      .run(queue.bootId, better)
    queue.sql('DELETE FROM boots WHERE seq <= (SELECT max(seq) FROM boots) - ?').run(maxBoots)
  })
}

/** What the server's clock showed when that boot began, in milliseconds since 1970; null where it was not heard in it. */
export function serverAtBoot(queue: Queue, bootId: string): number | null {
  return queue.recall(`server at boot ${bootId}`, () => {
    const row = queue.sql('SELECT server_at_boot FROM boots WHERE boot_id = ?').get(bootId)
    return row === undefined ? null : integer(row, 'server_at_boot')
  })
}
