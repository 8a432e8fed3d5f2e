import type { Gate } from './gate.ts'

/**
 * The gate in front of the destination's API. What keeps the destination away keeps everybody away, but a limit of its calls is none of the
 * parts, which go to a store: `limited` closes for calls alone.
 */
export function createApiGate(gate: Gate, limited: Gate): Gate {
  const isOpen = () => gate.isOpen() && limited.isOpen()
  return {
    isOpen,
    async whenOpen(waiter) {
      while (!isOpen() && !waiter.aborted) {
        await gate.whenOpen(waiter)
        await limited.whenOpen(waiter)
      }
    },
    close: (reason, error, atLeastMs) => (reason === 'rateLimited' ? limited : gate).close(reason, error, atLeastMs),
    hurry() {
      gate.hurry()
      limited.hurry()
    },
    succeeded() {
      gate.succeeded()
      limited.succeeded()
    },
    isHealthy: gate.isHealthy,
    condition() {
      const condition = gate.condition()
      const { down, lastError } = limited.condition()
      if (down === null) return condition
      return {
        ...condition,
        lastError: condition.down === null ? lastError : condition.lastError,
        callsLimitedSince: down.since,
      }
    },
  }
}
