import { commandExecutions, commands, devices } from '@rushes/db'
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { storeTransition } from './store-transition.ts'

export type CancelCommandOutcome =
  /** `cancelledCount` certainly did not run; the devices of `toldCount` hold it already and are told not to begin. */
  | { kind: 'cancelled'; cancelledCount: number; toldCount: number }
  | { kind: 'alreadyEnded'; state: 'done' | 'cancelled' | 'aborted' }
  /** A move has happened when its command is written; only another move undoes it. */
  | { kind: 'notCancellable' }
  | { kind: 'commandUnknown' }

/** Calls a command off: nothing of it is handed out any more, and devices that hold it are told not to begin. */
export async function cancelCommand(
  context: Acting,
  input: { commandId: string; reason?: string | null },
): Promise<CancelCommandOutcome> {
  const { now } = context
  const reason = input.reason ?? null
  return context.db.transaction(async (tx) => {
    // The devices first, as everywhere.
    const targets = tx
      .select({ id: commandExecutions.deviceId })
      .from(commandExecutions)
      .where(and(eq(commandExecutions.commandId, input.commandId), isNull(commandExecutions.finalizedAt)))
    await tx
      .select({ id: devices.id })
      .from(devices)
      .where(inArray(devices.id, targets))
      .orderBy(asc(devices.id))
      .for('no key update')
    const [command] = await tx.select().from(commands).where(eq(commands.id, input.commandId)).for('update')
    if (command === undefined) return { kind: 'commandUnknown' }
    const { state } = command
    if (state === 'done' || state === 'cancelled' || state === 'aborted') return { kind: 'alreadyEnded', state }
    if (command.body.kind === 'assignProject') return { kind: 'notCancellable' }

    await tx.update(commands).set({ state: 'cancelled', finalizedAt: now }).where(eq(commands.id, command.id))
    const open = await tx
      .select()
      .from(commandExecutions)
      .where(and(eq(commandExecutions.commandId, command.id), isNull(commandExecutions.finalizedAt)))
      .for('update')
    let cancelledCount = 0
    for (const execution of open) {
      const outcome = await storeTransition({ db: tx, now }, execution, { kind: 'calledOff' })
      if (outcome.kind === 'moved') cancelledCount += 1
    }
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'command.cancel',
        target: { kind: 'command', id: command.id },
        deviceId: open.length === 1 ? (open[0]?.deviceId ?? null) : null,
        reason,
        before: { ...command.body },
        after: { cancelledCount, toldCount: open.length - cancelledCount },
      },
    )
    await announceDeviceChange(tx, { deviceIds: open.map((execution) => execution.deviceId) })
    return { kind: 'cancelled', cancelledCount, toldCount: open.length - cancelledCount }
  })
}
