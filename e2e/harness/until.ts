import { setTimeout as wait } from 'node:timers/promises'

/**
 * Looks again and again until `look` gives something, and returns it. The deadline is generous: it tells a broken product from a
 * slow machine, and measures nothing.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const giveUpAt = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== null && seen !== undefined && seen !== false) return seen
    if (performance.now() > giveUpAt) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`)
    await wait(100)
  }
}
