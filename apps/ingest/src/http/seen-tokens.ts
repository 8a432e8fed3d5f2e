/** Access tokens that were good when they last came: whoever has one is let through to the database whatever others do. */
export type SeenTokens = {
  has(token: string): boolean
  add(token: string): void
  forget(token: string): void
}

const maxTokens = 20_000

/** When there are too many, the one that was used longest ago is forgotten. */
export function createSeenTokens(): SeenTokens {
  const tokens = new Set<string>()
  return {
    has: (token) => tokens.has(token),
    add(token) {
      tokens.delete(token)
      tokens.add(token)
      const oldest = tokens.values().next()
      if (tokens.size > maxTokens && oldest.done !== true) tokens.delete(oldest.value)
    },
    forget: (token) => void tokens.delete(token),
  }
}
