import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/**
 * Names this boot of the machine: the kernel's own id on Linux, elsewhere the boot instant to the minute. A restart of the process
 * alone keeps it, so that a crash loop does not earn a last try with every start.
 */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Not Linux: the boot instant serves as well, and is only compared with itself.
    return `boot-${Math.round((Date.now() / 1000 - uptime()) / 60)}`
  }
}

/** The system counts in hundredths of a second, and to ask it costs as much as a small file: for so long an answer holds. */
const resolutionMs = 10
let known = { uptimeMs: 0, readAtMs: Number.NEGATIVE_INFINITY, readAt: 0 }

/** Whole milliseconds since this boot, suspension included. Setting the clock does not change them. */
export function readUptimeMs(): number {
  const readAtMs = performance.now()
  const readAt = Date.now()
  // The first clock stands still while the machine is suspended, the second one does not.
  const isFresh = readAtMs - known.readAtMs < resolutionMs && Math.abs(readAt - known.readAt) < resolutionMs
  if (!isFresh) known = { uptimeMs: Math.round(uptime() * 1000), readAtMs, readAt }
  return known.uptimeMs
}
