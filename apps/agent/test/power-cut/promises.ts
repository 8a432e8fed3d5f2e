import { join } from 'node:path'
import { openQueue } from '../../src/queue/open-queue.ts'
import { rescueClaims } from '../../src/queue/waits.ts'

/** What the world outside was told, or made to do, on the strength of a transaction. */
export type PromiseMade =
  /** The file was taken into the queue: it will not be told as new again. */
  | { kind: 'taken'; uploadId: string }
  /** A create went out under this key: another key would make a second asset. */
  | { kind: 'createSent'; uploadId: string; createKey: string }
  | { kind: 'created'; uploadId: string; assetId: string }
  /** So many sends of the part were begun. */
  | { kind: 'partSent'; uploadId: string; number: number; attempts: number }
  | { kind: 'acknowledged'; uploadId: string; number: number }
  /** Events up to this number were handed to the gateway. */
  | { kind: 'told'; seq: number }
  /** The pair was used: any earlier one is spent. */
  | { kind: 'tokensUsed'; refreshToken: string }

/** Opens the queue that a power cut left, as the agent would, and says which promises it breaks. */
export function brokenPromises(stateDir: string, promises: readonly PromiseMade[]): string[] {
  const queue = openQueue({ stateDir, bootId: 'boot-2' })
  try {
    rescueClaims(queue, () => 0)
    const one = (statement: string, ...values: (string | number)[]) => queue.sql(statement).get(...values)
    const check = one('PRAGMA integrity_check')
    const broken = check?.integrity_check === 'ok' ? [] : [`the queue file of ${join(stateDir)} is damaged`]
    for (const made of promises) if (!isKept(made, one)) broken.push(JSON.stringify(made))
    return broken
  } finally {
    queue.close()
  }
}

type One = (statement: string, ...values: (string | number)[]) => Record<string, unknown> | undefined

function isKept(made: PromiseMade, one: One): boolean {
  switch (made.kind) {
    case 'taken':
      return one('SELECT 1 FROM uploads WHERE id = ?', made.uploadId) !== undefined
    case 'createSent':
      return one('SELECT create_key FROM uploads WHERE id = ?', made.uploadId)?.create_key === made.createKey
    case 'created':
      return one('SELECT asset_id FROM uploads WHERE id = ?', made.uploadId)?.asset_id === made.assetId
    case 'partSent': {
      const part = one('SELECT attempts FROM parts WHERE upload_id = ? AND number = ?', made.uploadId, made.number)
      return Number(part?.attempts) >= made.attempts
    }
    case 'acknowledged': {
      const part = one('SELECT state FROM parts WHERE upload_id = ? AND number = ?', made.uploadId, made.number)
      return part?.state === 'acknowledged'
    }
    case 'told':
      return Number(one('SELECT seq FROM sqlite_sequence WHERE name = ?', 'outbox')?.seq ?? 0) >= made.seq
    case 'tokensUsed':
      return number(one('SELECT refresh_token FROM upload_link')?.refresh_token) >= number(made.refreshToken)
  }
}

/** `refresh-12` is the twelfth. */
const number = (token: unknown): number => Number(String(token).split('-')[1])
