import type { Moment } from '@rushes/upload-core'
import { momentOf } from './capture-clock.ts'
import type { Queue } from './open-queue.ts'
import { integer, integerOrNull, type Row, text, textOrNull, word } from './row.ts'

/** The pairing with the destination of uploads. Instants are milliseconds since 1970 by the device's clock. */
export type UploadLink = {
  serverUrl: string
  isOurs: boolean
  clientId: string
  clientSecret: string | null
  accessToken: string
  accessExpiresAt: number
  refreshToken: string
  authorization: 'good' | 'lost'
  project: { id: string; name: string } | null
  projectEpoch: number
  fence: 'open' | 'identityPending' | 'receiptPending'
  sharingPaused: boolean
  paired: Moment
  /** When this device learned that it belongs to its project; null while it has none. */
  projectSince: Moment | null
}

export type ControlLink = {
  serverUrl: string
  agentUrl: string
  deviceId: string
  deviceSecret: string
  pairedAt: number
}

export type TokenPair = { accessToken: string; accessExpiresAt: number; refreshToken: string }

/** The `client_id` of this unit: made once, kept through every pairing. */
export function readClientId(queue: Queue): string {
  const row = queue.sql('SELECT client_id FROM unit').get()
  if (row === undefined) throw new Error('the queue has no unit row')
  return text(row, 'client_id')
}

export function readOutboxId(queue: Queue): string {
  const row = queue.sql('SELECT outbox_id FROM unit').get()
  if (row === undefined) throw new Error('the queue has no unit row')
  return text(row, 'outbox_id')
}

export function readUploadLink(queue: Queue): UploadLink | null {
  return queue.recall('upload link', () => {
    const row = queue.sql('SELECT * FROM upload_link').get()
    return row === undefined ? null : toUploadLink(row)
  })
}

/** Since when the pair of tokens is used; null when there is none. */
export function readTokensSince(queue: Pick<Queue, 'sql'>): Moment | null {
  const row = queue.sql('SELECT * FROM upload_link').get()
  if (row === undefined) return null
  const renewedAt = integerOrNull(row, 'renewed_at')
  return renewedAt === null ? momentOf(row, integer(row, 'paired_at'), 'paired') : momentOf(row, renewedAt, 'renewed')
}

export function readControlLink(queue: Queue): ControlLink | null {
  const row = queue.sql('SELECT * FROM control_link').get()
  if (row === undefined) return null
  return {
    serverUrl: text(row, 'server_url'),
    agentUrl: text(row, 'agent_url'),
    deviceId: text(row, 'device_id'),
    deviceSecret: text(row, 'device_secret'),
    pairedAt: integer(row, 'paired_at'),
  }
}

export type NewUploadLink = Pick<UploadLink, 'serverUrl' | 'isOurs' | 'clientId' | 'clientSecret'> & TokenPair

/**
 * Stores a new pairing of the upload link. The project of the pairing before is kept until the identity was read: the queue belongs to it,
 * and only that reading decides whether the queue is cleared.
 */
export function storeUploadLink(queue: Queue, link: NewUploadLink): void {
  queue.transact(() => {
    queue
      .sql(
        `INSERT INTO upload_link (one, server_url, is_ours, client_id, client_secret, access_token, access_expires_at, refresh_token, authorization, fence, paired_at, paired_boot_id, paired_uptime_ms)
          VALUES (1, ?, ?, ?, ?, ?, ?, ?, 'good', 'identityPending', ?, ?, ?)
          ON CONFLICT (one) DO UPDATE SET server_url = excluded.server_url, is_ours = excluded.is_ours, client_id = excluded.client_id,
            client_secret = excluded.client_secret, access_token = excluded.access_token, access_expires_at = excluded.access_expires_at,
            refresh_token = excluded.refresh_token, authorization = 'good', fence = 'identityPending', paired_at = excluded.paired_at,
            paired_boot_id = excluded.paired_boot_id, paired_uptime_ms = excluded.paired_uptime_ms,
            renewed_at = NULL, renewed_boot_id = NULL, renewed_uptime_ms = NULL,
            project_epoch = CASE WHEN server_url = excluded.server_url AND project_id IS NOT NULL THEN project_epoch ELSE 0 END`,
      )
      .run(
        link.serverUrl,
        link.isOurs ? 1 : 0,
        link.clientId,
        link.clientSecret,
        link.accessToken,
        link.accessExpiresAt,
        link.refreshToken,
        ...[queue.now(), queue.bootId, queue.uptimeMs()],
      )
    queue.tell({ kind: 'status' })
    queue.tell({ kind: 'work' })
  })
}

export function storeControlLink(queue: Queue, link: Omit<ControlLink, 'pairedAt'>): void {
  queue.transact(() => {
    queue
      .sql(
        'INSERT OR REPLACE INTO control_link (one, server_url, agent_url, device_id, device_secret, paired_at) VALUES (1, ?, ?, ?, ?, ?)',
      )
      .run(link.serverUrl, link.agentUrl, link.deviceId, link.deviceSecret, queue.now())
    queue.tell({ kind: 'identity' })
  })
}

/**
 * Stores a renewed pair, durably, before it is used for anything; nothing is sent with it until the identity was read again.
 * False when the pair that was renewed is not the stored one any more (a new pairing came in between).
 */
export function storeTokens(queue: Queue, renewedFrom: string, pair: TokenPair): boolean {
  return queue.transact(() => {
    const { changes } = queue
      .sql(
        `UPDATE upload_link SET access_token = ?, access_expires_at = ?, refresh_token = ?, authorization = 'good', fence = 'identityPending',
            renewed_at = ?, renewed_boot_id = ?, renewed_uptime_ms = ?
          WHERE refresh_token = ?`,
      )
      .run(
        ...[pair.accessToken, pair.accessExpiresAt, pair.refreshToken],
        ...[queue.now(), queue.bootId, queue.uptimeMs(), renewedFrom],
      )
    queue.tell({ kind: 'status' })
    return changes > 0
  })
}

/** The destination no longer knows this device: the queue is kept, nothing is sent until it is paired again. */
export function loseAuthorization(queue: Queue, refreshToken: string): void {
  queue.transact(() => {
    queue.sql("UPDATE upload_link SET authorization = 'lost' WHERE refresh_token = ?").run(refreshToken)
    queue.tell({ kind: 'status' })
  })
}

/** Closes the fence until the identity was read again. */
export function requireIdentity(queue: Queue): void {
  queue.sql("UPDATE upload_link SET fence = 'identityPending' WHERE fence = 'open'").run()
}

/** Forgets the pairing of the control link alone. */
export function forgetControlLink(queue: Queue): void {
  queue.sql('DELETE FROM control_link').run()
  queue.tell({ kind: 'identity' })
}

/** Forgets both pairings; the queue and its projects are kept. */
export function forgetLinks(queue: Queue): void {
  queue.transact(() => {
    queue.sql('DELETE FROM upload_link').run()
    queue.sql('DELETE FROM control_link').run()
    queue.tell({ kind: 'identity' })
    queue.tell({ kind: 'status' })
  })
}

function toUploadLink(row: Row): UploadLink {
  const projectId = textOrNull(row, 'project_id')
  const projectSince = integerOrNull(row, 'project_since')
  return {
    serverUrl: text(row, 'server_url'),
    isOurs: integer(row, 'is_ours') === 1,
    clientId: text(row, 'client_id'),
    clientSecret: textOrNull(row, 'client_secret'),
    accessToken: text(row, 'access_token'),
    accessExpiresAt: integer(row, 'access_expires_at'),
    refreshToken: text(row, 'refresh_token'),
    authorization: word(row, 'authorization', ['good', 'lost']),
    project: projectId === null ? null : { id: projectId, name: textOrNull(row, 'project_name') ?? projectId },
    projectEpoch: integer(row, 'project_epoch'),
    fence: word(row, 'fence', ['open', 'identityPending', 'receiptPending']),
    sharingPaused: integer(row, 'sharing_paused') === 1,
    paired: momentOf(row, integer(row, 'paired_at'), 'paired'),
    projectSince: projectSince === null ? null : momentOf(row, projectSince, 'project_since'),
  }
}
