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

/** The system tells the uptime in hundredths of a second, cut: what it tells may be this much behind. */
export const uptimeStepMs = 10
/** To ask the system costs as much as to read a small file, so in between the process's own clock counts on. */
const askEveryMs = 1_000

/** How long before the process's clock began the machine did, with all its suspensions so far; never more than that. */
let bootedBeforeMs = Number.NEGATIVE_INFINITY
let asked = { atMs: Number.NEGATIVE_INFINITY, wallAheadMs: 0 }

/** Whole milliseconds since this boot, suspension included. Setting the clock does not change them. They never go back. */
export function readUptimeMs(): number {
  if (process.platform !== 'linux') return Math.round(uptime() * 1000) // elsewhere the two clocks may not go at one rate
  const atMs = performance.now()
  // While the machine is suspended the process's clock stands still, and the wall clock does not.
  const wallAheadMs = Date.now() - atMs
  const isSuspended = Math.abs(wallAheadMs - asked.wallAheadMs) >= uptimeStepMs
  if (isSuspended || atMs - asked.atMs >= askEveryMs) {
    asked = { atMs, wallAheadMs }
    // In this order: a process that stands still between the two finds too little, which the next time mends.
    const uptimeMs = uptime() * 1000
    bootedBeforeMs = Math.max(bootedBeforeMs, uptimeMs - performance.now())
  }
  return Math.floor(performance.now() + bootedBeforeMs)
}
