import { AdminError } from './admin-error.ts'
import { createProgram, isMisuse } from './program.ts'

/** Runs one command line. @returns the exit code; unknown failures are thrown with their stack: they are ours to mend */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (isMisuse(error)) return error.exitCode === 0 ? 0 : 2 // commander has printed the help already
    if (!(error instanceof AdminError)) throw error
    const { code, message, hint } = error
    process.stderr.write(
      argv.includes('--json')
        ? `${JSON.stringify({ error: { code, message, hint } })}\n`
        : `rushes-admin: ${message}\n${hint}\n`,
    )
    return code === 'misuse' ? 2 : 1
  }
}
