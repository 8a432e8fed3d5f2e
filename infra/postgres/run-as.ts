import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure } from '../failure.ts'

const run = promisify(execFile)

/** The user that PostgreSQL runs as, in the form that `spawn` takes. Empty: the current user. */
export type RunAs = { readonly uid?: number; readonly gid?: number }

/**
 * PostgreSQL refuses to run as root, so for root this finds the system's `postgres` user or creates it.
 *
 * @throws Failure `postgresNoUser` where there is none and none can be made
 */
export async function postgresRunAs(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {}
  const found = await idsOf('postgres')
  if (found !== undefined) return found
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'])
  } catch (cause) {
    throw noUser(cause)
  }
  const created = await idsOf('postgres')
  if (created === undefined) throw noUser(undefined)
  return created
}

async function idsOf(name: string): Promise<RunAs | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    // `id` fails exactly when there is no such user, which is an ordinary answer here.
    return undefined
  }
}

function noUser(cause: unknown): Failure {
  return new Failure(
    'postgresNoUser',
    'PostgreSQL does not run as root, and no `postgres` user could be created',
    'Start as an ordinary user, create one with `useradd --system postgres`, or set DATABASE_URL to a running PostgreSQL',
    cause,
  )
}
