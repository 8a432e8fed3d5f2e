import { readFileSync, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../agent-error.ts'
import { isAbsence } from '../capture/whereabouts.ts'
import { type Check, well, wrong } from './check.ts'

/** Beyond so many the agent looks at a folder now and then in place of watching it. */
const maxDirectories = 4_000

/** Whether each watch folder is there and can be read, and whether the system lets as many directories be watched. */
export async function checkWatchFolders(paths: readonly string[]): Promise<Check[]> {
  if (paths.length === 0)
    return [
      wrong(
        'watchFolder',
        'no folder is watched by agent.json',
        'Name one: {"watch": [{"path": "/media/card"}]}; or start the agent with --watch DIR and give doctor the same.',
      ),
    ]
  const checks: Check[] = []
  const present: string[] = []
  for (const path of paths) {
    const problem = await problemOf(path)
    checks.push(problem ?? well('watchFolder', `${path} can be read`))
    if (problem === null) present.push(path)
  }
  return [...checks, ...(await checkDirectoryWatches(present))]
}

async function problemOf(path: string): Promise<Check | null> {
  try {
    await readdir(path)
    return null
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOTDIR')
      return wrong('watchFolder', `${path} is not a folder`, 'Name the folder that the clips lie in.')
    if (isAbsence(error))
      return wrong(
        'watchFolder',
        `${path} is not there`,
        'Put the card in or mount the share; mend the path in agent.json if it has another. The agent goes on by itself when it is there.',
      )
    return wrong(
      'watchFolder',
      `${path} cannot be read (${code})`,
      'Let the user that the agent runs as read it; where that is so already, the medium fails: try another reader.',
    )
  }
}

async function checkDirectoryWatches(paths: readonly string[]): Promise<Check[]> {
  const limit = readLimit()
  if (limit === null || paths.length === 0) return []
  let count = 0
  for (const path of paths) count += await countDirectories(path, maxDirectories - count)
  const refusal = paths.map(tryWatch).find((code) => code !== null)
  if (count > limit || refusal !== undefined)
    return [
      wrong(
        'directoryWatches',
        `the system has no room to watch ${count} folders: it allows ${limit}, shared by all programs of a user${refusal === undefined ? '' : ` (${refusal})`}`,
        'Allow more: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024, kept in /etc/sysctl.d. Until then new clips are found by looking, a little later.',
      ),
    ]
  if (count >= maxDirectories)
    return [well('directoryWatches', `more than ${maxDirectories} folders: new clips are found by looking`)]
  return [well('directoryWatches', `${count} folders to watch, the system allows ${limit.toLocaleString('en')}`)]
}

/** The lowest of the limits of inotify(7) that hold for this user; null on systems without. */
function readLimit(): number | null {
  const limits = ['/proc/sys/fs/inotify/max_user_watches', '/proc/sys/user/max_inotify_watches'].flatMap((path) => {
    try {
      return [Number(readFileSync(path, 'utf8'))]
    } catch {
      return [] // this kernel has no such limit
    }
  })
  return limits.length === 0 ? null : Math.min(...limits)
}

/** The code with which the system refuses to watch a folder; null when it does not. */
function tryWatch(path: string): string | null {
  try {
    watch(path, { persistent: false }).close()
    return null
  } catch (error) {
    return errorCode(error)
  }
}

/** A folder and those below it, `most` at most. One that cannot be read counts as one: it is told of elsewhere. */
async function countDirectories(path: string, most: number): Promise<number> {
  const open = [path]
  let count = 0
  for (let next = open.pop(); next !== undefined && count < most; next = open.pop()) {
    const folder = next
    count++
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) if (entry.isDirectory()) open.push(join(folder, entry.name))
  }
  return count
}
