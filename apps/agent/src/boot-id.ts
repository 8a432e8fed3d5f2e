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

/** Whole milliseconds since this boot, suspension included. Setting the clock does not change them. */
export const readUptimeMs = (): number => Math.round(uptime() * 1000)
