import { executionUpdate } from '@rushes/protocol'
import type { ExecutionOutcome, FinalOutcome, RecordedOutcome } from '../link-port.ts'
import type { Queue } from './open-queue.ts'
import { integer, type Row, text, textOrNull, word } from './row.ts'

type Order = { executionId: string; commandId: string }

/** What is recorded of an execution; null when it was never seen here. */
export function readExecution(queue: Queue, executionId: string): ExecutionOutcome | null {
  const row = queue.sql('SELECT state, outcome FROM executions WHERE execution_id = ?').get(executionId)
  if (row === undefined) return null
  switch (word(row, 'state', ['acknowledged', 'running', 'final'])) {
    case 'acknowledged':
      return { state: 'acknowledged' }
    case 'running':
      return { state: 'running', step: 'begun before a restart', percent: null }
    case 'final':
      return readFinal(row)
  }
}

/** Records that an order was taken on. False when it already was. */
export function acknowledgeExecution(queue: Queue, order: Order): boolean {
  const { changes } = queue
    .sql(
      "INSERT INTO executions (execution_id, command_id, state, recorded_at) VALUES (?, ?, 'acknowledged', ?) ON CONFLICT DO NOTHING",
    )
    .run(order.executionId, order.commandId, queue.now())
  return changes > 0
}

/** Records that it is being carried out, before its first effect. */
export function beginExecution(queue: Queue, executionId: string): boolean {
  return (
    queue
      .sql("UPDATE executions SET state = 'running', recorded_at = ? WHERE execution_id = ? AND state = 'acknowledged'")
      .run(queue.now(), executionId).changes > 0
  )
}

/** Records the final outcome; the first one wins and is returned. Call it in the transaction of the command's effects where there are any. */
export function finishExecution(queue: Queue, order: Order, outcome: FinalOutcome): FinalOutcome {
  return queue.transact(() => {
    queue
      .sql(
        `INSERT INTO executions (execution_id, command_id, state, outcome, recorded_at) VALUES (?, ?, 'final', ?, ?)
          ON CONFLICT (execution_id) DO UPDATE SET state = 'final', outcome = excluded.outcome, recorded_at = excluded.recorded_at WHERE state <> 'final'`,
      )
      .run(order.executionId, order.commandId, JSON.stringify(outcome), queue.now())
    const row = queue.sql('SELECT outcome FROM executions WHERE execution_id = ?').get(order.executionId)
    return row === undefined ? outcome : readFinal(row)
  })
}

/** Final outcomes that the other side has not confirmed, oldest first. */
export function pendingOutcomes(queue: Queue, limit: number): RecordedOutcome[] {
  return queue
    .sql("SELECT * FROM executions WHERE state = 'final' AND stored_at IS NULL ORDER BY recorded_at LIMIT ?")
    .all(limit)
    .map((row) => ({
      executionId: text(row, 'execution_id'),
      commandId: text(row, 'command_id'),
      outcome: readFinal(row),
      at: new Date(integer(row, 'recorded_at')).toISOString(),
    }))
}

/** The other side has the outcome. The row is kept, so that an order delivered again is known. */
export function markOutcomeStored(queue: Queue, executionId: string): void {
  queue
    .sql("UPDATE executions SET stored_at = ? WHERE execution_id = ? AND state = 'final' AND stored_at IS NULL")
    .run(queue.now(), executionId)
}

const finalStates = new Set(['succeeded', 'failed', 'rejected', 'expired', 'cancelled'])
const isFinal = (outcome: ExecutionOutcome): outcome is FinalOutcome => finalStates.has(outcome.state)

function readFinal(row: Row): FinalOutcome {
  const outcome = executionUpdate.shape.outcome.parse(JSON.parse(textOrNull(row, 'outcome') ?? 'null'))
  if (!isFinal(outcome)) throw new Error('a final execution has no final outcome')
  return outcome
}
