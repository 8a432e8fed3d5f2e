/** What a whole test run comes to: each check and each test counts as one. */
export type Tally = {
  passed: number
  failed: number
  skipped: number
  readonly skippedNames: string[]
  /** Of those that failed: file, test and the beginning of the message. */
  readonly failures: string[]
  /** Of those that failed at first and passed when their file was run once more; among the passed. */
  readonly unsteady: string[]
}

export const newTally = (): Tally => ({
  ...{ passed: 0, failed: 0, skipped: 0 },
  ...{ skippedNames: [], failures: [], unsteady: [] },
})

export function addTally(sum: Tally, part: Tally): void {
  sum.passed += part.passed
  sum.failed += part.failed
  sum.skipped += part.skipped
  sum.skippedNames.push(...part.skippedNames)
  sum.failures.push(...part.failures)
  sum.unsteady.push(...part.unsteady)
}

/** What a run ends with: what to look at by name, last the line that counts, for people and for scripts. */
export function closingLines(tally: Tally): string[] {
  const { passed, failed, skipped } = tally
  return [
    ...tally.skippedNames.map((name) => `skipped: ${name}`),
    ...tally.unsteady.map((name) => `unsteady (failed, then passed alone): ${name}`),
    ...tally.failures.map((name) => `failed: ${name}`),
    '',
    `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  ]
}
