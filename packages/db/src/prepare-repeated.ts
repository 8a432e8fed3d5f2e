import type pg from 'pg'

/** So often a statement is run on a connection before it is prepared there. */
const usesBefore = 5
/** Statements with lists of values differ with the length of the list: they would fill the server's memory. */
const maxValues = 12
const maxPrepared = 100
/** Beyond so many statements counting begins anew. */
const maxCounted = 1_000

/**
 * Lets the server keep the plans of statements that a connection runs again and again: of a short statement, parsing and planning it
 * take longer than running it. They are kept under a name, by connection, until that ends.
 */
export function prepareRepeated(client: pg.PoolClient): void {
  const uses = new Map<string, number>()
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= maxPrepared) return known
    const count = (uses.get(text) ?? 0) + 1
    if (uses.size >= maxCounted) uses.clear()
    uses.set(text, count)
    if (count < usesBefore) return undefined
    uses.delete(text)
    const name = `rushes_${names.size + 1}`
    names.set(text, name)
    return name
  }
  const query: (...args: unknown[]) => unknown = client.query.bind(client)
  const named = (...args: unknown[]): unknown => {
    const [config, values, ...rest] = args
    if (!isNameless(config) || !Array.isArray(values) || values.length > maxValues) return query(...args)
    const name = nameOf(config.text)
    return name === undefined ? query(...args) : query({ ...config, name }, values, ...rest)
  }
  Object.assign(client, { query: named })
}

/** A statement as drizzle gives it: an object without a name. */
const isNameless = (config: unknown): config is { text: string; name?: undefined } =>
  typeof config === 'object' &&
  config !== null &&
  'text' in config &&
  typeof config.text === 'string' &&
  (!('name' in config) || config.name === undefined)
