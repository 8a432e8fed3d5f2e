import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { Failure } from '../failure.ts'
import { findPostgresBinaries } from './binaries.ts'
import { hasCluster, initCluster, makeOwnedDir, ownerRole } from './cluster.ts'
import { clearLeftover } from './leftover.ts'
import { postgresRunAs } from './run-as.ts'

export type PostgresServer = {
  /** A URL of the database `database` on this server, over its Unix socket. */
  urlOf(database: string): string
  /** Settles when the server has ended, by `stop` or by itself. */
  readonly ended: Promise<void>
  /** Ends sessions, writes a checkpoint, exits. Safe to call twice. */
  stop(): Promise<void>
}

export type PostgresOptions = {
  /** Holds the cluster, its socket and nothing else; created when missing. PostgreSQL's user must be able to reach it. */
  homeDir: string
  password: string
  maxConnections?: number
  /** false: no fsync at all, for data that dies with a test run. */
  durable?: boolean
  onLog?: (line: string) => void
  startDeadlineMs?: number
}

// Linux allows 107 bytes for the path of a socket, macOS 103.
const maxSocketPathBytes = 100

/**
 * Starts a PostgreSQL of our own in `homeDir` (made at first use), reachable only through a socket in that folder.
 * Ends with this process, even when this process is killed.
 *
 * @throws Failure `postgresNoUser`, `postgresUnsupportedPlatform`, `postgresInitFailed`, `postgresStartFailed`
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { homeDir, password, maxConnections = 200, durable = true, onLog, startDeadlineMs = 60_000 } = options
  const runAs = await postgresRunAs()
  const binaries = await findPostgresBinaries(runAs)
  const clusterDir = join(homeDir, 'cluster')
  await makeOwnedDir(homeDir, runAs)
  if (!(await hasCluster(clusterDir))) {
    const partial = `${clusterDir}.partial`
    await initCluster({ binaries, runAs, clusterDir: partial, password, durable })
    await rename(partial, clusterDir)
  }
  const socket = socketDirFor(homeDir)
  await makeOwnedDir(socket.dir, runAs)
  if (await clearLeftover(clusterDir, socket.dir)) onLog?.('stopped a server left running by a start that was killed')

  const settings = {
    listen_addresses: '',
    unix_socket_directories: `"${socket.dir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: String(maxConnections),
    log_min_messages: 'warning',
    log_line_prefix: '',
    lc_messages: 'C',
    timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_wal_size: '2GB' }),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(binaries.postgres, ['-D', clusterDir, ...flags], {
    ...runAs,
    cwd: clusterDir,
    detached: true, // a Ctrl-C in the terminal reaches the whole foreground group; the order of stopping is ours
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  })
  const lastLines: string[] = []
  createInterface({ input: server.stderr }).on('line', (line) => {
    if (line.endsWith('the database system is starting up')) return // the answer to our own knocking
    if (lastLines.push(line) > 20) lastLines.shift()
    onLog?.(line)
  })
  const ended = endOf(server)
  const guard = stopWithParent(server)
  const tidied = ended.then(async () => {
    guard?.kill('SIGKILL')
    if (socket.temporary) await rm(socket.dir, { recursive: true, force: true })
  })

  const urlOf = (database: string) =>
    `postgresql://${ownerRole}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(socket.dir)}`
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= stopServer(server, tidied)
    return stopping
  }

  try {
    await untilAccepting(urlOf('postgres'), ended, startDeadlineMs)
  } catch (cause) {
    await stop()
    throw new Failure(
      'postgresStartFailed',
      `PostgreSQL did not start in ${homeDir}: ${lastLines.at(-1) ?? 'it said nothing'}`,
      `Its last words: ${lastLines.join(' / ') || 'none'}`,
      cause,
    )
  }
  return { urlOf, ended: tidied, stop }
}

function socketDirFor(homeDir: string): { dir: string; temporary: boolean } {
  const dir = join(homeDir, 'socket')
  if (Buffer.byteLength(join(dir, '.s.PGSQL.5432')) <= maxSocketPathBytes) return { dir, temporary: false }
  // Named after the folder, so that a server that is started again has the same address.
  const id = createHash('sha256').update(homeDir).digest('hex').slice(0, 16)
  return { dir: join(tmpdir(), `rushes-socket-${id}`), temporary: true }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve()) // could not even be spawned; `untilAccepting` reports it
  })
}

/** A shell waiting for the end of its input, which the kernel closes when this process dies in whatever way. */
function stopWithParent(server: ChildProcess): ChildProcess | undefined {
  if (server.pid === undefined) return undefined
  const guard = spawn('/bin/sh', ['-c', 'while read -r _; do :; done; kill -INT "$1"', 'sh', String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  return guard
}

async function untilAccepting(url: string, ended: Promise<void>, deadlineMs: number): Promise<void> {
  const giveUpAt = Date.now() + deadlineMs
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      if (hasEnded) throw new Error('the server ended before it accepted connections', { cause: error })
      if (Date.now() > giveUpAt) throw new Error(`no connection within ${deadlineMs} ms`, { cause: error })
    }
    await wait(30)
  }
}

/** "Fast" shutdown first; a server that hangs is made to quit at once and recovers from its log at the next start. */
async function stopServer(server: ChildProcess, ended: Promise<void>): Promise<void> {
  server.kill('SIGINT')
  const patience = new AbortController()
  const hurry = wait(15_000, undefined, { signal: patience.signal, ref: false }).then(
    () => server.kill('SIGQUIT'),
    () => undefined, // aborted: the server has ended in time
  )
  await ended
  patience.abort()
  await hurry
}
