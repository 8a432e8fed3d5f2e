/** What a whole test run comes to: each check and each test counts as one. */
export type Tally = { passed: number; failed: number; skipped: number; readonly skippedNames: string[] }

export const newTally = (): Tally => ({ passed: 0, failed: 0, skipped: 0, skippedNames: [] })

export function addTally(sum: Tally, part: Tally): void {
  sum.passed += part.passed
  sum.failed += part.failed
  sum.skipped += part.skipped
  sum.skippedNames.push(...part.skippedNames)
}

/** The line that a run ends in, for people and for scripts. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
