import { connections, type Database, devices } from '@rushes/db'
import { sql } from 'drizzle-orm'

export type ConnectionToClose = { epoch: number; because: 'superseded' | 'revoked' }

/**
 * Which of these connections must end: another one of the same device was opened since (here or at another gateway), the
 * device was revoked or forgotten, or the secret that the connection came in with was replaced and is not good any more.
 */
export async function connectionsToClose(
  { db }: { db: Database },
  input: { held: readonly { epoch: number; secretSha256: string }[] },
): Promise<ConnectionToClose[]> {
  if (input.held.length === 0) return []
  const epochs = sql.param(input.held.map((one) => one.epoch))
  const secrets = sql.param(input.held.map((one) => one.secretSha256))
  const { rows } = await db.execute<{ epoch: string; is_superseded: boolean }>(sql`
    select held.epoch, coalesce(${connections.closeReason} = 'superseded' and ${devices.revokedAt} is null, false) as is_superseded
    from unnest(${epochs}::bigint[], ${secrets}::text[]) as held (epoch, secret)
      left join ${connections} on ${connections.epoch} = held.epoch
      left join ${devices} on ${devices.id} = ${connections.deviceId}
    where ${devices.id} is null or ${connections.closedAt} is not null or ${devices.revokedAt} is not null
      or (held.secret is distinct from ${devices.secretSha256} and held.secret is distinct from ${devices.previousSecretSha256})
  `)
  return rows.map((row) => ({ epoch: Number(row.epoch), because: row.is_superseded ? 'superseded' : 'revoked' }))
}
