import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorCode } from '../agent-error.ts'
import { isQueueDamaged } from '../queue/queue-damage.ts'
import { integer, text, textOrNull, word } from '../queue/row.ts'
import { queueMigrations } from '../queue/schema.ts'
import { type Check, well, wrong } from './check.ts'
import type { AccessLink } from './check-destination.ts'

export type QueueLook = { checks: Check[]; link: AccessLink | null; agentUrl: string | null }

/** Reads the queue beside whoever works on it: whether it is sound, and what the device is paired with. Changes nothing. */
export function lookIntoQueue(stateDir: string): QueueLook {
  const path = join(stateDir, 'queue.db')
  const nothing = { link: null, agentUrl: null }
  if (!existsSync(path)) return { checks: [well('queue', 'there is none yet'), notPaired], ...nothing }
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
    const opened = db
    const version = Number(opened.prepare('PRAGMA user_version').get()?.user_version ?? 0)
    if (version > queueMigrations.length)
      return {
        checks: [
          wrong(
            'queue',
            `${path} was written by a newer version of the agent`,
            'Install that version or a later one; the queue was not touched.',
          ),
        ],
        ...nothing,
      }
    const sound = soundness(path, opened)
    const pairing = readPairing(opened)
    const agentUrl = opened.prepare('SELECT agent_url FROM control_link').get()
    return {
      checks: [sound, describePairing(pairing), ...keptAside(stateDir)],
      link: pairing,
      agentUrl: agentUrl === undefined ? null : text(agentUrl, 'agent_url'),
    }
  } catch (error) {
    return { checks: [isQueueDamaged(error) ? damaged(path) : unreadable(path, error)], ...nothing }
  } finally {
    if (db?.isOpen) db.close()
  }
}

function soundness(path: string, db: DatabaseSync): Check {
  const found = db.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') return damaged(path)
  const count = Number(db.prepare('SELECT count(*) AS count FROM uploads').get()?.count)
  return well('queue', `${path} is sound, ${count.toLocaleString('en')} clips`)
}

const damaged = (path: string): Check =>
  wrong(
    'queue',
    `${path} is damaged`,
    'Start the agent anew: it keeps the file aside, begins another, keeps the pairing and holds clips until they are matched. Look at the health of the disk.',
  )

const unreadable = (path: string, error: unknown): Check =>
  wrong('queue', `${path} cannot be read (${errorCode(error)})`, 'Run this as the user that the agent runs as.')

function keptAside(stateDir: string): Check[] {
  const count = readdirSync(stateDir).filter((name) => /^queue-damaged-.*\.db$/.test(name)).length
  if (count === 0) return []
  return [well('queue', `${count} damaged before and kept aside as queue-damaged-….db; delete when no longer of use`)]
}

const notPaired = wrong('pairing', 'this device is not paired', 'Pair it: rushes-agent pair --server URL')

type Pairing = AccessLink & { projectName: string | null }

/** Only what has been in the queue of every version: the agent may be a newer one that was not started yet. */
function readPairing(db: DatabaseSync): Pairing | null {
  const row = db
    .prepare(
      'SELECT server_url, is_ours, authorization, access_token, access_expires_at, coalesce(project_name, project_id) AS project FROM upload_link',
    )
    .get()
  if (row === undefined) return null
  return {
    serverUrl: text(row, 'server_url'),
    isOurs: integer(row, 'is_ours') === 1,
    authorization: word(row, 'authorization', ['good', 'lost']),
    accessToken: text(row, 'access_token'),
    accessExpiresAt: integer(row, 'access_expires_at'),
    projectName: textOrNull(row, 'project'),
  }
}

function describePairing(link: Pairing | null): Check {
  if (link === null) return notPaired
  const host = URL.parse(link.serverUrl)?.host ?? 'an unreadable address'
  if (link.authorization === 'lost')
    return wrong(
      'pairing',
      `${host} no longer accepts this device`,
      'Pair it again: rushes-agent pair --server URL. The queue is kept.',
    )
  if (link.projectName === null)
    return wrong(
      'pairing',
      `paired with ${host}, in no project yet`,
      'Have an operator assign the device to a project.',
    )
  return well('pairing', `paired with ${host}, project "${link.projectName}"`)
}
