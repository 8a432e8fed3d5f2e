import { realpathSync } from 'node:fs'
import { AgentError } from '../agent-error.ts'
import { isAtOrBelow } from '../capture/mount-table.ts'
import { spoolOf } from '../spool/spool-folder.ts'

/**
 * What the agent keeps for itself is nobody's recording, and its credentials must never leave: throws `CONFIG_INVALID` where a watch folder
 * is the state folder, or lies in its spool. One that only contains the state folder is watched without it.
 */
export function refuseOwnFolder(stateDir: string, paths: readonly string[]): void {
  const own = realpathSync(stateDir)
  const refused = paths.find((path) => {
    const real = realPathOf(path)
    return real === own || isAtOrBelow(real, spoolOf(own))
  })
  if (refused === undefined) return
  throw new AgentError(
    'CONFIG_INVALID',
    `${refused} is a folder of the agent's own state, which is never uploaded`,
    'Name the folder that recordings lie in, or give the agent another folder with --state-dir.',
  )
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // not there yet, or not to be reached: capture meets it, and looks at what it is before it enters it
  }
}
