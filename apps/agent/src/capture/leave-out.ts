import { matchesGlob } from 'node:path'
import type { WatchFolder } from './capture-port.ts'
import { finalNameOf, isTemporaryName } from './temporary-name.ts'

export type LeftOut = 'hidden' | 'system' | 'temporary' | 'byRule'

export type LeaveOutRules = Pick<WatchFolder, 'include' | 'exclude'> & Partial<Pick<WatchFolder, 'mode'>>

/** Housekeeping of operating systems on cards; none of it was captured. */
const systemNames = new Set(['system volume information', '$recycle.bin', 'lost+found'])

/**
 * Why a path below a watch folder is not picked up, or null when it is. The parents of `relativePath` are taken as looked at already. A left out
 * directory is not entered. In a `realtime` folder a temporary name that tells what is recorded counts as the name that it will be;
 * such a file can be sent while it grows, and is complete when it is renamed. `include` does not apply to directories, since what it names may lie in any of them.
 */
export function whyLeftOut(relativePath: string, kind: 'file' | 'directory', rules: LeaveOutRules): LeftOut | null {
  const final = kind === 'file' && rules.mode === 'realtime' ? finalNameOf(relativePath) : null
  const path = comparable(final ?? relativePath)
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name.startsWith('.')) return 'hidden'
  if (systemNames.has(name)) return 'system'
  if (isTemporaryName(name)) return 'temporary'
  const matches = (glob: string) => matchesGlob(glob.includes('/') ? path : name, comparable(glob).replace(/^\//, ''))
  if (rules.exclude.some(matches)) return 'byRule'
  if (kind === 'file' && rules.include.length > 0 && !rules.include.some(matches)) return 'byRule'
  return null
}

/** Cameras write C0001.MXF and people *.mxf; Macs write é in two code points and people in one. */
function comparable(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
