import type { ExecutionEffect, ExecutionEvent } from '@rushes/command-core'
import { commandExecutions, devices } from '@rushes/db'
import type { ExecutionState, ExecutionUpdate } from '@rushes/protocol'
import { and, eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { settleCommands } from './settle-commands.ts'
import { hasEnded, storeTransition } from './store-transition.ts'

export type RecordUpdateOutcome =
  /** `effects` is what the gateway does next; `state` where the execution stands now. */
  | { kind: 'recorded'; state: ExecutionState; effects: ExecutionEffect[]; hasChanged: boolean }
  /** Not an execution of this device: nothing will ever come of the answer, so the device may forget it. */
  | { kind: 'executionUnknown' }

/** Takes in what a device says about one execution. Durable when it resolves; said again, it changes nothing. */
export async function recordExecutionUpdate(
  { db, now }: Clocked,
  input: { deviceId: string; update: ExecutionUpdate },
): Promise<RecordUpdateOutcome> {
  const { deviceId, update } = input
  return db.transaction(async (tx) => {
    // Whoever changes executions holds their device first, so that two of them never wait for one another.
    await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, deviceId)).for('no key update')
    const [execution] = await tx
      .select()
      .from(commandExecutions)
      .where(and(eq(commandExecutions.id, update.executionId), eq(commandExecutions.deviceId, deviceId)))
      .for('update')
    if (execution === undefined) return { kind: 'executionUnknown' }
    const outcome = await storeTransition({ db: tx, now }, execution, eventOf(update.outcome))
    if (outcome.kind === 'lostRace') throw new Error(`execution ${execution.id} changed while its row was held`)
    if (outcome.kind === 'unchanged') {
      return { kind: 'recorded', state: execution.state, effects: outcome.effects, hasChanged: false }
    }
    if (hasEnded(outcome)) await settleCommands({ db: tx, now }, [execution.commandId])
    await announceDeviceChange(tx, { deviceIds: [deviceId] })
    return { kind: 'recorded', state: outcome.execution.state.kind, effects: outcome.effects, hasChanged: true }
  })
}

function eventOf(outcome: ExecutionUpdate['outcome']): ExecutionEvent {
  switch (outcome.state) {
    case 'acknowledged':
      return { kind: 'acknowledged' }
    case 'running':
      return { kind: 'progressed', step: outcome.step, percent: outcome.percent }
    case 'succeeded':
      return { kind: 'succeeded', result: outcome.result }
    case 'failed':
    case 'rejected':
      return { kind: outcome.state, error: { code: outcome.errorCode, message: outcome.message } }
    case 'expired':
      return { kind: 'expiredOnDevice' }
    case 'cancelled':
      return { kind: 'cancelledOnDevice' }
  }
}
