/**
 * Says what went wrong and what to do about it, for errors that carry a code and a hint; all others are shown whole, since
 * they are ours to mend.
 *
 * @returns the exit code
 */
export function reportFailure(error: unknown): number {
  if (error instanceof Error && 'code' in error && 'hint' in error) {
    console.error(
      `\nrushes: ${error.message}  [${String(error.code)}]\n\n  ${String(error.hint).replaceAll('\n', '\n  ')}\n`,
    )
    return error.code === 'badArgument' ? 2 : 1
  }
  console.error(error)
  return 1
}
