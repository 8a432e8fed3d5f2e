export type Signal = { emit(): void; subscribe(listener: () => void): () => void }

/** A list of who wants to know. */
export function createSignal(): Signal {
  const listeners = new Set<() => void>()
  return {
    emit: () => {
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** One such list per key; a key that nobody listens to costs nothing. */
export function createKeyedSignal(): {
  emit(key: string): void
  subscribe(key: string, listener: () => void): () => void
} {
  const signals = new Map<string, Set<() => void>>()
  return {
    emit: (key) => {
      for (const listener of [...(signals.get(key) ?? [])]) listener()
    },
    subscribe: (key, listener) => {
      const listeners = signals.get(key) ?? new Set()
      signals.set(key, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && signals.get(key) === listeners) signals.delete(key)
      }
    },
  }
}
