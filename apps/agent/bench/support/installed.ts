import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const packager = join(import.meta.dirname, '../../../../infra/agent/package-agent.ts')

/** A program of the bench as the agent is installed: bundled into one executable, in `dir`. Its path. */
export async function installed(program: string, dir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [packager, '--program', program, '--out', dir])
  return stdout.trim()
}
