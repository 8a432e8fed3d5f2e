import { refreshTokenLifetimeMs } from '@rushes/protocol'
import { onOneClock } from '@rushes/upload-core'
import { readClocks, serverAtBoot } from './capture-clock.ts'
import { readControlLink, readTokensSince, readUploadLink } from './links.ts'
import type { Queue } from './open-queue.ts'

/** Enough for somebody to bring the device to a network. */
const warnAheadMs = 2 * 86_400_000

/** `leftMs`: how long a pairing still lives that nobody renews; at least 0. */
type PairingEnd = { leftMs: number; refreshToken: string; serverUrl: string }

/**
 * The end of a pairing that comes near, because the destination was not reached for days and its refresh token lives no longer; null while
 * there is time, and where the device can prove by its secret of the control link that it is the same.
 */
export function nearPairingEnd(queue: Queue): PairingEnd | null {
  const link = readUploadLink(queue)
  const since = readTokensSince(queue)
  if (link === null || since === null || link.authorization === 'lost') return null
  if (link.isOurs && readControlLink(queue) !== null) return null
  const clock = onOneClock(since, readClocks(queue), (bootId) => serverAtBoot(queue, bootId))
  const leftMs = Math.max(0, refreshTokenLifetimeMs - (clock.now - (clock.capturedAt ?? clock.now)))
  return leftMs > warnAheadMs ? null : { leftMs, refreshToken: link.refreshToken, serverUrl: link.serverUrl }
}
