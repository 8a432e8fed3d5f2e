import { framesToHandOver } from '@rushes/command-core'
import { commandExecutions, commands, connections, type Database } from '@rushes/db'
import type { CommandBody } from '@rushes/protocol'
import { type SQL, sql } from 'drizzle-orm'
import { toExecution } from './stored-execution.ts'
import { storedExecutions } from './stored-executions.ts'

export type Delivery = {
  deviceId: string
  /** The connection to write to; on any other it must not be written. */
  epoch: number
  executionId: string
  commandId: string
  body: CommandBody
  issuedAt: Date
  expiresAt: Date | null
  frames: ('cancelCommand' | 'command')[]
}

/**
 * Takes what this gateway is to hand to its devices now, and records it as handed over before it is: per connection each
 * open execution once, of the destructive ones only the first. Ordered as given. Losing the process after this costs nothing,
 * because the next connection is handed everything open again.
 */
export async function takeDeliverable(
  { db }: { db: Database },
  input: { gatewayId: string; deviceIds?: readonly string[] },
): Promise<Delivery[]> {
  if (input.deviceIds?.length === 0) return []
  const [e, k, c] = [commandExecutions, commands, connections]
  const ofThese =
    input.deviceIds === undefined ? sql`true` : sql`${c.deviceId} = any(${sql.param([...input.deviceIds])}::uuid[])`
  const due = sql`
    select ${e.id} as id, ${c.epoch} as epoch
    from ${e} join ${c} on ${c.deviceId} = ${e.deviceId} join ${k} on ${k.id} = ${e.commandId}
    where ${e.finalizedAt} is null and ${c.closedAt} is null and ${c.gatewayId} = ${input.gatewayId} and ${ofThese}
      and ${e.deliveredEpoch} is distinct from ${c.epoch}
      and ${k.state} <> 'draft' and (${e.state} <> 'queued' or ${k.state} = 'active')
      and (${e.state} <> 'queued' or ${e.expiresAt} is null or ${e.expiresAt} > clock_timestamp())
      and (${e.lane} = 'ordinary' or ${e.laneSeq} = (${laneHead()}))
    for update of ${e} skip locked`
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string; epoch: string }>(due)
    if (rows.length === 0) return []
    const epochs = new Map(rows.map((row) => [row.id, Number(row.epoch)]))
    await tx.execute(markHandedOver(epochs))
    const stored = await storedExecutions(tx, sql`${e.id} = any(${sql.param([...epochs.keys()])}::uuid[])`)
    return stored.map(({ execution, command }) => ({
      deviceId: execution.deviceId,
      epoch: epochs.get(execution.id) ?? 0,
      executionId: execution.id,
      commandId: command.id,
      body: command.body,
      issuedAt: command.createdAt,
      expiresAt: execution.expiresAt,
      frames: framesToHandOver(toExecution(execution), command.state === 'cancelled' || command.state === 'aborted'),
    }))
  })
}

/** `handedOver` of command-core for many at once: only `queued` moves on, what the device has said since stands. */
function markHandedOver(epochs: ReadonlyMap<string, number>): SQL {
  return sql`
    update ${commandExecutions} set
      state = case state when 'queued' then 'delivered' else state end,
      delivered_epoch = handed.epoch,
      delivered_at = clock_timestamp(),
      delivery_count = delivery_count + 1,
      version = version + 1,
      updated_at = clock_timestamp()
    from unnest(${sql.param([...epochs.keys()])}::uuid[], ${sql.param([...epochs.values()])}::bigint[]) as handed (id, epoch)
    where ${commandExecutions.id} = handed.id and ${commandExecutions.finalizedAt} is null`
}

function laneHead(): SQL {
  return sql`select min(head.lane_seq) from ${commandExecutions} as head
    where head.device_id = ${commandExecutions.deviceId} and head.lane = 'destructive' and head.finalized_at is null`
}
