import { createDatabase, type Database } from '@rushes/db'
import type { Acting } from '@rushes/fleet'
import { AdminError } from './admin-error.ts'
import { readConfig } from './config.ts'
import { findInstance, type Instance } from './find-instance.ts'

/** What a command works with: the verbs' context, and where the instance is. */
export type Session = Acting & { instance: Instance; db: Database }

/** Opens the database for one command and closes it after, whatever happened. */
export async function withSession<T>(dataDir: string | undefined, work: (session: Session) => Promise<T>): Promise<T> {
  const config = readConfig()
  const instance = await findInstance(config, dataDir)
  const handle = createDatabase({
    connectionString: instance.databaseUrl,
    maxConnections: 2,
    applicationName: 'rushes-admin',
  })
  try {
    await handle.pool.query('select 1').catch((cause: unknown) => {
      throw new AdminError(
        'databaseUnreachable',
        `the database does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
        'Is the instance running? Check DATABASE_URL or --data-dir',
        cause,
      )
    })
    return await work({
      db: handle.db,
      now: new Date(),
      actor: { kind: 'commandLine', id: null, name: config.actorName },
      instance,
    })
  } finally {
    await handle.close()
  }
}
