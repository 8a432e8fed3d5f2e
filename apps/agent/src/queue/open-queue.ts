import { randomUUID } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { agentClientIdPrefix } from '@rushes/protocol'
import { AgentError } from '../agent-error.ts'
import { readUptimeMs } from '../boot-id.ts'
import { type DiskReserve, isDiskFull } from './disk-reserve.ts'
import { isQueueDamaged } from './queue-damage.ts'
import { queueMigrations } from './schema.ts'

/** What listeners are told after a transaction has committed, never before. */
export type QueueNews =
  /** Rows may be claimable now. */
  | { kind: 'work' }
  /** A growing file is this long by now. */
  | { kind: 'growth'; uploadId: string; sizeBytes: number }
  /** Whatever is being sent of this upload must stop at once. */
  | { kind: 'abort'; uploadId: string }
  /** Events were appended to the outbox. */
  | { kind: 'event' }
  /** A person wants uploads to be tried again now. */
  | { kind: 'asked' }
  /** Something in the device's status other than byte counts. */
  | { kind: 'status' }
  /** Bytes were acknowledged. */
  | { kind: 'progress' }
  /** The control identity or the outbox is another one. */
  | { kind: 'identity' }

/**
 * What claims compare with their limits: counted once in a transaction, null until then, and kept up from there by what it claims and what
 * it is told has arrived. What else it frees shows in the next one.
 */
export type RunningCounts = {
  /** Parts on their way, by class of their upload. */
  sending: { small: number; large: number } | null
  /** Uploads of the paired project that have addresses, those that are being recorded not among the large ones. */
  open: { all: number; large: number } | null
  /** Of the files to register: whether one of them is being recorded, and whether one is large. */
  isRecordingQueued: boolean | null
  isLargeQueued: boolean | null
}
const nothingCounted: RunningCounts = { sending: null, open: null, isRecordingQueued: null, isLargeQueued: null }

/** The open queue: the database with its cached statements, the clock, and news for whoever works on it. */
export type Queue = {
  db: DatabaseSync
  /** Prepares a statement once. Only for constant texts: the cache is never emptied. */
  sql(statement: string): StatementSync
  /** What `read` returned for this key last, until something is written to the tables that hardly ever change: those of the pairing and of boots. */
  recall<T>(key: string, read: () => T): T
  /** Runs `body` in one durable transaction; news told inside are delivered once it has committed. Joins a transaction that is open. */
  transact<T>(body: () => T): T
  /**
   * Has `write` done at the end of the transaction: once for each key, as it was given last, in the order of the keys' first mention; at once
   * where no transaction is open. Undone with the transaction.
   */
  atCommit(key: string, write: () => void): void
  /** Does now what was put off until the end of the transaction, for what has to come after it. */
  catchUp(): void
  tell(news: QueueNews): void
  listen(listener: (news: QueueNews) => void): () => void
  now(): number
  /** Whole milliseconds since this boot of the machine, suspension included; they never go back. */
  uptimeMs(): number
  /** Names this boot of the machine. */
  bootId: string
  /** The newest fencing token that was given out; stored with the transaction that uses it. */
  lastLeaseToken: number
  /** Some of the uploads whose entry in the outbox is unwritten since this process began, so that a further change needs none. Emptied when a transaction is undone. */
  unwrittenUploads: Set<string>
  /** Of the transaction that is open. */
  counts: RunningCounts
  /** Counts the parts that were claimed, modulo the turns of large clips. */
  partTurn: number
  /** How many parts of small and of large files, and of both, may be on their way at once; found by whoever measures, without bound until then. */
  partLimits: { small: number; large: number; all: number }
  /** The disk has no room for more than the end of what was begun: nothing new may be. */
  diskFull: boolean
  /** Gives up the reserve and lets nobody begin anything new; false when there was no reserve left. */
  noticeDiskFull(): boolean
  /** Aborts when a statement finds that the file is damaged: nothing can be relied on any more. */
  damaged: AbortSignal
  close(): void
}

export type OpenQueueOptions = {
  stateDir: string
  bootId: string
  now?: () => number
  uptimeMs?: () => number
  /** What is given up when the disk is full; none: nothing can be. */
  reserve?: Pick<DiskReserve, 'release'>
}

/** Opens (and makes or migrates) the queue of a state folder. The caller holds the folder's lock. */
export function openQueue(options: OpenQueueOptions): Queue {
  const { stateDir } = options
  const path = join(stateDir, 'queue.db')
  let db: DatabaseSync
  try {
    db = new DatabaseSync(path, { timeout: 5_000 })
    // Before anything is written: the journal files take their mode from it.
    chmodSync(path, 0o600)
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 16777216;',
    )
  } catch (cause) {
    throw new AgentError(
      'QUEUE_UNUSABLE',
      `cannot open the queue ${path}`,
      'Check that the disk has space and the folder can be written; a damaged file can be moved aside.',
      cause,
    )
  }
  try {
    migrate(db, path)
    const queue = wrap(db, options)
    queue.transact(() => {
      queue
        .sql('INSERT INTO unit (one, client_id, outbox_id) VALUES (1, ?, ?) ON CONFLICT DO NOTHING')
        .run(agentClientIdPrefix + randomUUID(), randomUUID())
    })
    queue.lastLeaseToken = Number(queue.sql('SELECT last_lease_token FROM unit').get()?.last_lease_token ?? 0)
    return queue
  } catch (error) {
    db.close()
    throw error
  }
}

/** Statements that may change what is recalled. */
const changesSettled = /^\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b.*\b(?:upload_link|boots)\b/is

function migrate(db: DatabaseSync, path: string): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0)
  if (version > queueMigrations.length) {
    throw new AgentError(
      'QUEUE_TOO_NEW',
      `the queue ${path} was written by a newer version (${version})`,
      'Run that version or a later one; the queue was not touched.',
    )
  }
  for (let next = version; next < queueMigrations.length; next++) {
    db.exec(`BEGIN IMMEDIATE; ${queueMigrations[next]}; PRAGMA user_version = ${next + 1}; COMMIT;`)
  }
}

function wrap(db: DatabaseSync, options: OpenQueueOptions): Queue {
  const { bootId, now = Date.now, uptimeMs = readUptimeMs, reserve } = options
  const statements = new Map<string, StatementSync>()
  const listeners = new Set<(news: QueueNews) => void>()
  const damage = new AbortController()
  let untold: QueueNews[] = []
  const putOff = new Map<string, () => void>()
  const recalled = new Map<string, unknown>()
  const counts = { ...nothingCounted }
  let open = false

  const sql = (statement: string): StatementSync => {
    const known = statements.get(statement)
    if (known !== undefined) return known
    const prepared = watched(db.prepare(statement), changesSettled.test(statement))
    statements.set(statement, prepared)
    return prepared
  }
  // Most damage shows when a row is read, which nobody expects to fail.
  const watched = (statement: StatementSync, isChange: boolean): StatementSync => {
    for (const method of ['get', 'all', 'run'] as const) {
      const call: (...given: never[]) => unknown = statement[method].bind(statement)
      Object.defineProperty(statement, method, {
        value: (...given: never[]) => {
          if (isChange) recalled.clear()
          try {
            return call(...given)
          } catch (error) {
            if (isQueueDamaged(error)) damage.abort()
            throw error
          }
        },
      })
    }
    return statement
  }
  const deliver = () => {
    const news = untold
    untold = []
    for (const item of news) for (const listener of listeners) tellOne(listener, item)
  }

  // What is committed is committed: a listener that fails must neither undo it for the caller nor keep others from hearing of it.
  const tellOne = (listener: (news: QueueNews) => void, item: QueueNews) => {
    try {
      listener(item)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const runOnce = <T>(body: () => T): T => {
    db.exec('BEGIN IMMEDIATE')
    open = true
    Object.assign(counts, nothingCounted)
    try {
      const result = body()
      queue.catchUp()
      db.exec('COMMIT')
      open = false
      deliver()
      return result
    } catch (error) {
      if (open) {
        open = false
        untold = []
        putOff.clear()
        recalled.clear()
        queue.unwrittenUploads.clear()
        if (db.isTransaction) db.exec('ROLLBACK')
      }
      throw error
    }
  }

  const queue: Queue = {
    db,
    sql,
    bootId,
    now,
    uptimeMs,
    lastLeaseToken: 0,
    unwrittenUploads: new Set(),
    counts,
    partTurn: 0,
    partLimits: { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY, all: Number.POSITIVE_INFINITY },
    diskFull: false,
    damaged: damage.signal,
    noticeDiskFull() {
      const wasFull = queue.diskFull
      queue.diskFull = true
      if (!wasFull) queue.tell({ kind: 'status' })
      return reserve?.release() ?? false
    },
    recall<T>(key: string, read: () => T): T {
      const known = recalled.get(key)
      if (known !== undefined) return known as T
      const value = read()
      recalled.set(key, value)
      return value
    },
    transact<T>(body: () => T): T {
      if (open) return body()
      try {
        return runOnce(body)
      } catch (error) {
        if (isQueueDamaged(error)) damage.abort()
        // Nothing of it was stored, so with the room of the reserve it is done from its beginning.
        if (!isDiskFull(error) || !queue.noticeDiskFull()) throw error
        return runOnce(body)
      }
    },
    atCommit(key, write) {
      putOff.set(key, write)
      if (!open) queue.transact(() => undefined)
    },
    catchUp() {
      for (const [key, write] of putOff) {
        putOff.delete(key)
        write()
      }
    },
    tell(news) {
      // Many changes of one transaction are one piece of news, unless it names its upload.
      if ('uploadId' in news || !untold.some(({ kind }) => kind === news.kind)) untold.push(news)
      if (!open) deliver()
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      listeners.clear()
      db.close()
    },
  }
  return queue
}
