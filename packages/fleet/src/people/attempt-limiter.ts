export type AttemptLimiter = {
  /** Counts one attempt; false when the subject has used up its attempts of the window. */
  take(subject: string, nowMs: number): boolean
  /** Starts the subject afresh: it proved to be who it says. */
  forget(subject: string): void
}

/**
 * Limits attempts per subject over a fixed window that starts with the first one. Kept in memory, at most `maxSubjects` of
 * them: past that the oldest is forgotten, which at worst gives that one its attempts back.
 */
export function createAttemptLimiter(limits: {
  maxAttempts: number
  windowMs: number
  maxSubjects: number
}): AttemptLimiter {
  const windows = new Map<string, { startedAtMs: number; attemptCount: number }>()
  return {
    take(subject, nowMs) {
      const open = windows.get(subject)
      if (open !== undefined && nowMs - open.startedAtMs < limits.windowMs) {
        open.attemptCount += 1
        return open.attemptCount <= limits.maxAttempts
      }
      windows.delete(subject)
      const oldest = windows.keys().next()
      if (windows.size >= limits.maxSubjects && oldest.done !== true) windows.delete(oldest.value)
      windows.set(subject, { startedAtMs: nowMs, attemptCount: 1 })
      return true
    },
    forget: (subject) => void windows.delete(subject),
  }
}
