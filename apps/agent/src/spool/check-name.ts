import { AgentError } from '../agent-error.ts'
import { isTemporaryName } from '../capture/temporary-name.ts'
import { openSuffix } from './spool-folder.ts'

/** Longest name of a file (Linux, macOS), with room for what an open one is called. */
const maxNameBytes = 255 - openSuffix.length

/** Refuses with `MISUSE` what cannot be the name of a clip: it is to be one plain name of a file, and says what the clip is. */
export function checkClipName(name: string): void {
  const why = whyUnusable(name)
  if (why !== null)
    throw new AgentError('MISUSE', `--name ${JSON.stringify(name)} ${why}`, 'Give the plain name of a file: A001.mov')
}

function whyUnusable(name: string): string | null {
  if (name.trim() === '') return 'is empty'
  if (/[/\\]/.test(name)) return 'is a path'
  if (name.startsWith('.')) return 'is a hidden name'
  if (!name.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return 'has characters that no name should have'
  if (Buffer.byteLength(name) > maxNameBytes) return `has more than ${maxNameBytes} bytes`
  return isTemporaryName(name) ? 'is the name of a file that is not whole' : null
}
