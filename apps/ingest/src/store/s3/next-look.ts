export type LookLimits = { firstLookMs: number; slowestLookMs: number; agentLookMs: number }

/**
 * When a bucket is asked again for the parts of an upload: after a quarter of the time since there was news of it, so what is noticed
 * late is late by a quarter of what it took. Uploads of our agents wait longer; they say when they are done.
 *
 * @param random from 0 to 1: several uploads that began together are not looked at together for ever
 */
export function nextLookAt(
  now: Date,
  upload: { newsAt: Date; isOurAgent: boolean },
  limits: LookLimits,
  random: number,
): Date {
  const idleMs = Math.max(0, now.getTime() - upload.newsAt.getTime())
  const soonestMs = upload.isOurAgent ? limits.agentLookMs : limits.firstLookMs
  const delayMs = Math.max(soonestMs, Math.min(limits.slowestLookMs, idleMs / 4))
  return new Date(now.getTime() + delayMs * (0.8 + random * 0.4))
}
