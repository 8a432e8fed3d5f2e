import { execFile } from 'node:child_process'
import { readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { errnoOf, Failure } from '../failure.ts'

const run = promisify(execFile)

/**
 * Makes way for a new server on `clusterDir` after a start that was killed: a server still running there is stopped,
 * and lock files naming a process that is not that server are removed. PostgreSQL itself only looks whether *some*
 * process has the number, so after a reboot or in a container an innocent one would keep it from starting for ever.
 *
 * @returns whether a server was found running
 */
export async function clearLeftover(clusterDir: string, socketDir: string, deadlineMs = 20_000): Promise<boolean> {
  const lockFile = join(clusterDir, 'postmaster.pid')
  const pid = await pidIn(lockFile)
  if (pid === undefined) return false
  const wasRunning = await isServerOf(clusterDir, pid)
  if (wasRunning) await stopServer(pid, clusterDir, deadlineMs)
  await rm(lockFile, { force: true })
  await rm(join(socketDir, '.s.PGSQL.5432'), { force: true })
  await rm(join(socketDir, '.s.PGSQL.5432.lock'), { force: true })
  return wasRunning
}

/** Stands for a lock file cut short by a crash: it names no process, and is removed. */
const unreadablePid = 0

async function pidIn(lockFile: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(lockFile, 'utf8')).split('\n')[0])
    return Number.isInteger(pid) && pid > 0 ? pid : unreadablePid
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function isServerOf(clusterDir: string, pid: number): Promise<boolean> {
  if (pid === unreadablePid || !isAlive(pid)) return false
  if (process.platform === 'linux') {
    // A server's working directory is its cluster's folder; a zombie has none.
    return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === clusterDir
  }
  const { stdout } = await run('ps', ['-p', String(pid), '-o', 'args=']).catch(() => ({ stdout: '' }))
  return stdout.includes(clusterDir)
}

async function stopServer(pid: number, clusterDir: string, deadlineMs: number): Promise<void> {
  process.kill(pid, 'SIGINT') // "fast" shutdown: rolls back, writes a checkpoint, leaves no recovery to do
  const giveUpAt = Date.now() + deadlineMs
  while (await isServerOf(clusterDir, pid)) {
    if (Date.now() > giveUpAt) {
      throw new Failure(
        'postgresStartFailed',
        `PostgreSQL left running by an earlier start (process ${pid}) does not stop`,
        `End process ${pid}, then start again`,
      )
    }
    await wait(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM' // exists, but belongs to somebody else
  }
}
