import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf, Failure } from '../failure.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { RunAs } from './run-as.ts'

const run = promisify(execFile)

/** The one role of an embedded server; it owns everything. */
export const ownerRole = 'rushes'

/** Creates the folder, owned by the user PostgreSQL runs as and closed to all others. */
export async function makeOwnedDir(path: string, runAs: RunAs): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid)
  await chmod(path, 0o700)
}

/** Whether a finished cluster lies in `clusterDir`; PG_VERSION is the first file that initdb writes, global/pg_control a late one. */
export async function hasCluster(clusterDir: string): Promise<boolean> {
  try {
    return (await readdir(join(clusterDir, 'global'))).includes('pg_control')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/**
 * Makes a new cluster whose only role is `rushes`, with SCRAM passwords. Text sorts by code point (builtin provider,
 * C.UTF-8), so that the same data sorts alike on every machine.
 *
 * Built in `<clusterDir>.partial`, which the caller renames when everything is in place.
 *
 * @throws Failure `postgresInitFailed`
 */
export async function initCluster(options: {
  binaries: PostgresBinaries
  runAs: RunAs
  clusterDir: string
  password: string
  durable: boolean
}): Promise<void> {
  const { binaries, runAs, clusterDir, password, durable } = options
  await rm(clusterDir, { recursive: true, force: true })
  await makeOwnedDir(clusterDir, runAs)
  const passwordFile = `${clusterDir}.password`
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(passwordFile, runAs.uid, runAs.gid)
    await run(
      binaries.initdb,
      [
        `--pgdata=${clusterDir}`,
        `--username=${ownerRole}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(durable ? [] : ['--no-sync']),
      ],
      { ...runAs, cwd: clusterDir, env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } },
    )
  } catch (cause) {
    throw new Failure(
      'postgresInitFailed',
      `PostgreSQL could not create its files in ${clusterDir}`,
      'See the cause; a full disk and a file system without permissions are the usual ones. DATABASE_URL uses a server of yours instead',
      cause,
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
}
