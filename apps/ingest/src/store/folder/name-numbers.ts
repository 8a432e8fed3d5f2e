/** The number that the next clip of a name should try: never one that was tried before. */
export type NameNumbers = { next(name: string): number }

/** Names that several clips have had; forgotten when there are too many, which costs trying their numbers once more. */
const maxKnown = 10_000

/**
 * Some devices call every clip the same. Trying all numbers for each of them would take the longer the more there are, and keep
 * everybody else's clips waiting.
 */
export function createNameNumbers(): NameNumbers {
  const tried = new Map<string, number>()
  return {
    next(name) {
      const number = (tried.get(name) ?? 1) + 1
      if (tried.size >= maxKnown) tried.clear()
      tried.set(name, number)
      return number
    },
  }
}
