import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { appFile, rootDir } from './repository.ts'

const run = promisify(execFile)

/**
 * Runs `rushes-admin … --json` on an instance, as anybody would.
 *
 * @returns what it printed, parsed
 * @throws Error with what it said on standard error, when it failed
 */
export async function runAdmin(env: Readonly<Record<string, string>>, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [appFile('admin'), ...args, '--json'], {
    cwd: rootDir,
    env: { ...process.env, ...env },
    timeout: 60_000,
  })
  return JSON.parse(stdout)
}
