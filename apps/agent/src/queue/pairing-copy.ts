import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { Queue } from './open-queue.ts'

/** Who the device is and what it is paired with: a row of each of these tables, as it is stored. */
const tables = ['unit', 'upload_link', 'control_link'] as const
const row = z.record(z.string(), z.union([z.string(), z.number(), z.null()]))
const pairingCopy = z.object({ unit: row.nullable(), upload_link: row.nullable(), control_link: row.nullable() })
export type PairingCopy = z.infer<typeof pairingCopy>

const pathOf = (stateDir: string): string => join(stateDir, 'pairing.json')

/** Reads what the queue says of the pairing. */
const readPairing = (db: DatabaseSync): PairingCopy => {
  const first = (table: (typeof tables)[number]) =>
    row.nullable().parse(db.prepare(`SELECT * FROM ${table}`).get() ?? null)
  return { unit: first('unit'), upload_link: first('upload_link'), control_link: first('control_link') }
}

/**
 * Keeps a copy of the pairing beside the queue, for the day on which the queue is damaged: without it the device would have to be paired
 * anew. Written when the pairing changes, never before the queue has it.
 */
export function keepPairingCopy(queue: Queue, stateDir: string): void {
  let kept = ''
  const keep = () => {
    const text = JSON.stringify({ ...readPairing(queue.db), unit: identityOnly(readPairing(queue.db).unit) })
    if (text === kept) return
    try {
      writeDurably(pathOf(stateDir), text)
      kept = text
    } catch {
      // A full disk, mostly. The queue has it; the next change tries again.
    }
  }
  keep()
  queue.listen(({ kind }) => (kind === 'status' || kind === 'identity') && keep())
}

/** Of the unit nothing that changes with every part. */
const identityOnly = (unit: PairingCopy['unit']): PairingCopy['unit'] =>
  unit === null
    ? null
    : { client_id: unit.client_id ?? null, held_since: unit.held_since ?? null, held_by: unit.held_by ?? null }

/** The pairing out of a damaged queue where it can still be read, since that is the newest, else out of the copy; null when neither has it. */
export function salvagePairing(damagedPath: string, stateDir: string): PairingCopy | null {
  return fromQueue(damagedPath) ?? fromCopy(stateDir)
}

function fromQueue(path: string): PairingCopy | null {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path)
    const pairing = readPairing(db)
    return pairing.unit === null ? null : { ...pairing, unit: identityOnly(pairing.unit) }
  } catch {
    return null // damaged there too
  } finally {
    if (db?.isOpen) db.close()
  }
}

function fromCopy(stateDir: string): PairingCopy | null {
  try {
    return pairingCopy.parse(JSON.parse(readFileSync(pathOf(stateDir), 'utf8')))
  } catch {
    return null // never paired, or this file is damaged as well
  }
}

/** Puts a salvaged pairing into a new queue. The identity is read again before anything is sent with it. */
export function restorePairing(queue: Queue, pairing: PairingCopy): void {
  queue.transact(() => {
    const { unit } = pairing
    if (unit !== null)
      queue
        .sql('UPDATE unit SET client_id = ?, held_since = ?, held_by = ?')
        .run(...[unit.client_id ?? null, unit.held_since ?? null, unit.held_by ?? null])
    for (const table of ['upload_link', 'control_link'] as const) {
      const columns = Object.entries(pairing[table] ?? {})
      if (columns.length === 0) continue
      const names = columns.map(([name]) => `"${name.replaceAll('"', '')}"`)
      queue.db
        .prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`)
        .run(...columns.map(([, value]) => value))
    }
    queue.sql("UPDATE upload_link SET fence = 'identityPending' WHERE fence = 'open'").run()
  })
}

function writeDurably(path: string, text: string): void {
  const temporary = `${path}.new`
  writeFileSync(temporary, text, { mode: 0o600, flush: true })
  renameSync(temporary, path)
  const folder = openSync(join(path, '..'), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
