const firstRepeatMs = 30_000
const maxRepeatMs = 300_000

/**
 * How long the gateway may leave something unconfirmed before it is said again on the same connection. `repeats`: how often that
 * was done already, from 0; `random` in [0, 1).
 */
export function repeatDelayMs(repeats: number, random: number): number {
  return Math.min(maxRepeatMs, firstRepeatMs * 2 ** Math.min(repeats, 10)) * (1 + random / 2)
}
