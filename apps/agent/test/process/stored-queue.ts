import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Reads the queue of an agent that does not run, as it would find it at its next start. */
export function readStored<T>(stateDir: string, sql: string): T[] {
  const db = new DatabaseSync(join(stateDir, 'queue.db'))
  try {
    return db.prepare(sql).all() as T[]
  } finally {
    db.close()
  }
}

/** The parts that are noted as acknowledged, as `asset/number`. */
export function acknowledgedParts(stateDir: string): string[] {
  return readStored<{ part: string }>(
    stateDir,
    "SELECT u.asset_id || '/' || p.number AS part FROM parts p JOIN uploads u ON u.id = p.upload_id WHERE p.state = 'acknowledged'",
  ).map(({ part }) => part)
}

/** Says when the device was paired: by its wall clock, and by the clock that nobody sets. */
export const movedPairing = (wallMs: number, uptimeMs: number): string =>
  `UPDATE upload_link SET paired_at = paired_at + ${wallMs}, project_since = project_since + ${wallMs},
    paired_uptime_ms = paired_uptime_ms + ${uptimeMs}, project_since_uptime_ms = project_since_uptime_ms + ${uptimeMs}`

/** Changes the queue of an agent that does not run, as time passing would have. */
export function changeStored(stateDir: string, sql: string): void {
  const db = new DatabaseSync(join(stateDir, 'queue.db'))
  try {
    db.exec(sql)
  } finally {
    db.close()
  }
}
