import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AgentError, errorCode } from '../agent-error.ts'
import { sleep } from '../sleep.ts'

/** Makes the state folder, readable by its owner alone: it holds the device's credentials. */
export function prepareStateDir(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    if (!statSync(stateDir).isDirectory()) throw new Error('it is not a folder')
    if ((statSync(stateDir).mode & 0o077) !== 0) chmodSync(stateDir, 0o700)
  } catch (cause) {
    throw new AgentError(
      'STATE_DIR_UNUSABLE',
      `cannot use the state folder ${stateDir} (${errorCode(cause)})`,
      'Give a folder that this user may write with --state-dir or RUSHES_STATE_DIR.',
      cause,
    )
  }
}

export type StateLock = { release(): void }

/**
 * Takes the one lock of the state folder, or returns null when another process has it. The kernel gives it back when the process ends,
 * however it ends: it is SQLite's own file lock on a file beside the queue.
 */
export function takeStateLock(stateDir: string): StateLock | null {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(join(stateDir, 'lock'), { timeout: 0 })
    chmodSync(join(stateDir, 'lock'), 0o600)
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;')
    const held = db
    return { release: () => held.close() }
  } catch (cause) {
    if (db?.isOpen) db.close()
    if (isBusy(cause)) return null
    throw new AgentError(
      'STATE_DIR_UNUSABLE',
      `cannot lock the state folder ${stateDir}`,
      'Check that the folder is on a local, writable disk with free space.',
      cause,
    )
  }
}

/** A command that looks at the queue while no daemon runs holds the lock for a moment; another daemon holds it for good. */
const lockPatienceMs = 5_000

/** Takes the lock of the state folder, waiting a few seconds for whoever has it; null when it stays taken or the signal aborts. */
export async function waitForStateLock(stateDir: string, signal: AbortSignal): Promise<StateLock | null> {
  const givesUpAt = performance.now() + lockPatienceMs
  for (;;) {
    const lock = takeStateLock(stateDir)
    if (lock !== null || signal.aborted || performance.now() >= givesUpAt) return lock
    await sleep(100, signal)
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (error.errcode === 5 || error.errcode === 6)
