/**
 * As `IN`, which SQLite answers by a table that it makes anew at every write once there are three words: a third of what it took to change a
 * row of `uploads`. Both say the same, so queues that were made with `IN` are left as they are.
 */
export const anyOf = (column: string, ...words: readonly string[]): string =>
  `(${words.map((word) => `${column} = '${word}'`).join(' OR ')})`
