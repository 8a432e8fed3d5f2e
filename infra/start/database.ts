import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { migrate } from '@rushes/db'
import pg from 'pg'
import { errnoOf, Failure } from '../failure.ts'
import { hasCluster } from '../postgres/cluster.ts'
import { type PostgresServer, startPostgres } from '../postgres/server.ts'
import type { DataFolder } from './data-folder.ts'

export type InstanceDatabase = { readonly url: string; stop(): Promise<void> }

const databaseName = 'rushes'

/** The database of the user's own server, brought to the current schema. */
export async function useExternalDatabase(url: string): Promise<InstanceDatabase> {
  await migrateOrExplain(url)
  return { url, stop: async () => undefined }
}

/**
 * Starts the PostgreSQL of a data folder and keeps it running; makes the database at first use, and brings it to the
 * current schema.
 *
 * @throws Failure `postgresDataMissing` when it was made once and is not there any more
 */
export async function startEmbeddedDatabase(
  folder: DataFolder,
  onNotice: (text: string) => void,
  onLine: (line: string) => void,
): Promise<InstanceDatabase> {
  if ((await exists(folder.postgresMarkerFile)) && !(await hasCluster(join(folder.postgresHomeDir, 'cluster')))) {
    throw new Failure(
      'postgresDataMissing',
      `the database of ${folder.path} is missing: it was in ${folder.postgresHomeDir}`,
      'Put it back from a backup. To begin anew with nothing, remove the data folder as well',
    )
  }
  const start = () =>
    startPostgres({ homeDir: folder.postgresHomeDir, password: folder.postgresPassword, onLog: onLine })
  let server = await start()
  const stopping = new AbortController()
  const url = server.urlOf(databaseName)
  try {
    await makeDatabase(server)
    await writeFile(folder.postgresMarkerFile, `${folder.postgresHomeDir}\n`, { mode: 0o600 })
    await migrateOrExplain(url)
  } catch (error) {
    await server.stop()
    throw error
  }

  const keepRunning = async () => {
    for (let crashCount = 1; ; crashCount += 1) {
      await server.ended
      if (stopping.signal.aborted) return
      const backoffMs = Math.min(30_000, 500 * 2 ** (crashCount - 1)) * (0.75 + Math.random() / 2)
      onNotice(`ended by itself; starting it again in ${(backoffMs / 1000).toFixed(1)} s`)
      try {
        await wait(backoffMs, undefined, { signal: stopping.signal })
      } catch {
        return // aborted: it is to stay down
      }
      try {
        server = await start()
        if (stopping.signal.aborted) await server.stop()
        else onNotice('runs again')
      } catch (error) {
        // `server` is still the one that ended, so the next round comes at once to the next, longer, pause.
        onNotice(error instanceof Error ? error.message : String(error))
      }
    }
  }
  const supervision = keepRunning()
  return {
    url,
    stop: async () => {
      stopping.abort()
      await server.stop()
      await supervision
    },
  }
}

async function makeDatabase(server: PostgresServer): Promise<void> {
  const admin = new pg.Client({ connectionString: server.urlOf('postgres') })
  await admin.connect()
  try {
    const found = await admin.query('select from pg_database where datname = $1', [databaseName])
    if (found.rowCount === 0) await admin.query(`create database ${databaseName}`)
  } finally {
    await admin.end()
  }
}

async function migrateOrExplain(url: string): Promise<void> {
  try {
    await migrate(url)
  } catch (cause) {
    const code = errnoOf(cause)
    // Five characters are PostgreSQL's own codes: 28… wrong password, 3D000 no such database.
    const isUnreachable = cause instanceof Error && /^(E[A-Z]+|28...|3D000)$/.test(code ?? '')
    if (!isUnreachable) throw cause
    const { hostname, port, pathname } = new URL(url)
    throw new Failure(
      'databaseUnreachable',
      `the database ${hostname}${port && `:${port}`}${pathname} cannot be opened: ${cause.message || code}`,
      'Check DATABASE_URL, for example postgresql://rushes:password@localhost:5432/rushes; unset it to use the embedded PostgreSQL',
      cause,
    )
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}
