import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Moment } from '@rushes/upload-core'
import type { Logger } from 'pino'
import { momentNow, momentOf } from './capture-clock.ts'
import { type OpenQueueOptions, openQueue, type Queue } from './open-queue.ts'
import { appendEvent } from './outbox.ts'
import { restorePairing, salvagePairing } from './pairing-copy.ts'
import { isQueueDamaged } from './queue-damage.ts'
import { integerOrNull } from './row.ts'

/**
 * Opens the queue of a state folder; one that is damaged is kept aside, and a new one takes its place with the pairing of the old one.
 * What was captured before is then held until the destination has been asked for it. Throws as `openQueue` does for anything else.
 */
export function openOrRebuildQueue(options: OpenQueueOptions, log: Logger): Queue {
  try {
    return openQueue(options)
  } catch (error) {
    if (!isQueueDamaged(error)) throw error
    return rebuildQueue(options, log)
  }
}

export function rebuildQueue(options: OpenQueueOptions, log: Logger): Queue {
  const { stateDir, now = Date.now } = options
  const aside = setAside(stateDir, now())
  const pairing = salvagePairing(join(stateDir, aside), stateDir)
  const queue = openQueue(options)
  queue.transact(() => {
    if (pairing !== null) restorePairing(queue, pairing)
    const { at, inBoot } = momentNow(queue)
    queue
      .sql('UPDATE unit SET rebuilt_at = ?, rebuilt_boot_id = ?, rebuilt_uptime_ms = ?')
      .run(at, inBoot?.bootId ?? null, inBoot?.uptimeMs ?? null)
    const message = `The queue file was damaged; it is kept as ${aside}. What was captured before is held until it is matched.`
    appendEvent(queue, { kind: 'notice', code: 'queueRebuilt', message })
  })
  log.error(
    { aside, pairingKept: pairing !== null },
    'the queue file is damaged; it was kept aside and a new one begun',
  )
  return queue
}

/** When this queue took the place of a damaged one; null when it never did. */
export function rebuiltSince(queue: Queue): Moment | null {
  const row = queue.sql('SELECT rebuilt_at, rebuilt_boot_id, rebuilt_uptime_ms FROM unit').get()
  const at = row === undefined ? null : integerOrNull(row, 'rebuilt_at')
  return row === undefined || at === null ? null : momentOf(row, at, 'rebuilt')
}

/** Renames the file with its journal, which belongs to it and may hold what is newest. Returns its new name. */
function setAside(stateDir: string, at: number): string {
  const stamp = new Date(at).toISOString().replace(/[-:]/g, '').slice(0, 15)
  let name = `queue-damaged-${stamp}.db`
  for (let number = 2; existsSync(join(stateDir, name)); number++) name = `queue-damaged-${stamp}-${number}.db`
  for (const suffix of ['', '-wal', '-shm']) {
    const from = join(stateDir, `queue.db${suffix}`)
    if (existsSync(from)) renameSync(from, join(stateDir, `${name}${suffix}`))
  }
  return name
}
