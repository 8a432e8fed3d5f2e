/** Waits, at most until the signal aborts; never rejects. The caller looks at the signal afterwards. */
export function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || durationMs <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, Math.min(durationMs, 2_147_483_647))
    signal.addEventListener('abort', done, { once: true })
  })
}
