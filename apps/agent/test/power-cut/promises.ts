import { join } from 'node:path'
import { openQueue } from '../../src/queue/open-queue.ts'
import { rescueClaims } from '../../src/queue/waits.ts'

/** What the world outside was told, or made to do, on the strength of a transaction. */
export type PromiseMade =
  /** The file was taken into the queue: it will not be told as new again. */
  | { kind: 'taken'; uploadId: string }
  /** A create went out under this key, and said this: another key would make a second asset, other words be refused under the same. */
  | {
      kind: 'createSent'
      uploadId: string
      createKey: string
      createName: string | null
      partsAsked: number | null
    }
  | { kind: 'created'; uploadId: string; assetId: string }
  /** So many sends of the part were begun. */
  | { kind: 'partSent'; uploadId: string; number: number; attempts: number }
  | { kind: 'acknowledged'; uploadId: string; number: number }
  /** Addresses were asked for parts of a growing file: the destination knows these from here on. */
  | { kind: 'partsAsked'; uploadId: string; parts: { number: number; offset: number; sizeBytes: number }[] }
  /** The recorder has rewritten the part: what was promised of its bytes before may be void from here on. */
  | { kind: 'mayGoAgain'; uploadId: string; number: number }
  /** It is void: the part must never be taken for the one that has arrived. */
  | { kind: 'goesAgain'; uploadId: string; number: number }
  /** All that was cut of a growing file has arrived; what is owed is the comparison of the whole file. */
  | { kind: 'sent'; uploadId: string }
  /** The whole file was compared: custody may be asked for. */
  | { kind: 'compared'; uploadId: string }
  /** The gateway was told this event: its number is never given again, and it never says anything else. */
  | { kind: 'told'; seq: number; body: string }
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
    for (const made of stillMade(promises)) if (!isKept(made, one)) broken.push(JSON.stringify(made))
    for (const { id } of queue.sql(unfinishable).all()) broken.push(`${id} has parts that nothing will ever release`)
    for (const { id } of queue.sql(torn).all()) broken.push(`the parts of ${id} do not lie one after the other`)
    return broken
  } finally {
    queue.close()
  }
}

/** A recording whose other parts have all arrived and were compared, while its head or its end is still held back. */
const unfinishable = `SELECT g.upload_id AS id FROM growths g WHERE g.phase = 'complete' AND g.compared = 1
  AND EXISTS (SELECT 1 FROM parts p WHERE p.upload_id = g.upload_id AND p.is_held = 1)
  AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.upload_id = g.upload_id AND p.is_held = 0 AND p.state <> 'acknowledged')`

/** Of every upload, the parts that do not begin where the one before them ends. */
const torn = `SELECT p.upload_id AS id FROM parts p LEFT JOIN parts b ON b.upload_id = p.upload_id AND b.number = p.number - 1
  WHERE p.offset <> coalesce(b.offset + b.size_bytes, 0) OR (p.number > 1 AND b.number IS NULL)`

/** Without what was promised of parts before it turned out that they have to go again. */
function stillMade(promises: readonly PromiseMade[]): PromiseMade[] {
  const isVoid = (made: PromiseMade, at: number) =>
    (made.kind === 'partSent' || made.kind === 'acknowledged') &&
    promises
      .slice(at)
      .some((later) => later.kind === 'mayGoAgain' && later.uploadId === made.uploadId && later.number === made.number)
  return promises.filter((made, at) => !isVoid(made, at))
}

type One = (statement: string, ...values: (string | number)[]) => Record<string, unknown> | undefined

function isKept(made: PromiseMade, one: One): boolean {
  switch (made.kind) {
    case 'taken':
      return one('SELECT 1 FROM uploads WHERE id = ?', made.uploadId) !== undefined
    case 'createSent': {
      const upload = one('SELECT create_key, create_name, parts_asked FROM uploads WHERE id = ?', made.uploadId)
      const { createKey, createName, partsAsked } = made
      return upload?.create_key === createKey && upload.create_name === createName && upload.parts_asked === partsAsked
    }
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
    case 'partsAsked':
      return made.parts.every(({ number, offset, sizeBytes }) => {
        const statement = 'SELECT 1 FROM parts WHERE upload_id = ? AND number = ? AND offset = ? AND size_bytes = ?'
        return one(statement, made.uploadId, number, offset, sizeBytes) !== undefined
      })
    case 'mayGoAgain':
      return true
    case 'goesAgain':
      return (
        one('SELECT is_resent FROM parts WHERE upload_id = ? AND number = ?', made.uploadId, made.number)?.is_resent ===
        1
      )
    case 'sent': {
      const upload = one('SELECT state, custody FROM uploads WHERE id = ?', made.uploadId)
      const growth = one('SELECT phase FROM growths WHERE upload_id = ?', made.uploadId)
      return (
        upload?.state === 'uploaded' && (growth === undefined ? upload.custody === 'owed' : growth.phase === 'sent')
      )
    }
    case 'compared':
      return one('SELECT custody FROM uploads WHERE id = ?', made.uploadId)?.custody === 'owed'
    case 'told':
      return one('SELECT body FROM outbox WHERE seq = ?', made.seq)?.body === made.body
    case 'tokensUsed':
      return number(one('SELECT refresh_token FROM upload_link')?.refresh_token) >= number(made.refreshToken)
  }
}

/** `refresh-12` is the twelfth. */
const number = (token: unknown): number => Number(String(token).split('-')[1])
