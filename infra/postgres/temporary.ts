import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from '../failure.ts'
import { systemStateDir } from './binaries.ts'
import { clearLeftover } from './leftover.ts'
import { type PostgresServer, startPostgres } from './server.ts'

const namePrefix = 'rushes-temporary-postgres-'

/**
 * Starts a server whose data dies with it. What earlier ones left behind, because they were killed, is removed first.
 *
 * @param options.durable true: it syncs as one does that matters, so that it can be measured
 */
export async function startTemporaryPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const parentDir = process.getuid?.() === 0 ? systemStateDir : tmpdir()
  await mkdir(parentDir, { recursive: true, mode: 0o755 })
  await sweepAbandoned(parentDir)
  const homeDir = await mkdtemp(join(parentDir, `${namePrefix}${process.pid}-`))
  const server = await startPostgres({ homeDir, password: 'temporary', durable })
  const removed = server.ended.then(() => rm(homeDir, { recursive: true, force: true }))
  return {
    ...server,
    ended: removed,
    stop: async () => {
      await server.stop()
      await removed
    },
  }
}

async function sweepAbandoned(parentDir: string): Promise<void> {
  for (const name of await readdir(parentDir)) {
    if (!name.startsWith(namePrefix)) continue
    const ownerPid = Number(name.slice(namePrefix.length).split('-')[0])
    if (isAlive(ownerPid)) continue
    const homeDir = join(parentDir, name)
    await clearLeftover(join(homeDir, 'cluster'), join(homeDir, 'socket'))
    await rm(homeDir, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) !== 'ESRCH' // also true for a name with no number in it, which is not ours to remove
  }
}
