import { type ExecutionEvent, type ExecutionOutcome, isOpen, transitionExecution } from '@rushes/command-core'
import { commandExecutions } from '@rushes/db'
import { and, eq, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { columnsOf, type StoredExecution, toExecution } from './stored-execution.ts'

export type StoredOutcome =
  | ExecutionOutcome
  /** Somebody else changed it since it was read. */
  | { kind: 'lostRace' }

/**
 * Lets an event happen to a stored execution: decided by `command-core`, written where the version is still the one that was
 * read. The caller settles the command and announces the device.
 */
export async function storeTransition(
  { db, now }: Clocked,
  stored: StoredExecution,
  event: ExecutionEvent,
): Promise<StoredOutcome> {
  const outcome = transitionExecution(toExecution(stored), event, { nowMs: now.getTime() })
  if (outcome.kind === 'unchanged') return outcome
  const { execution } = outcome
  // The device's first word may be about the middle: what it implies is written with it.
  const isHeard = execution.state.kind === 'acknowledged' || execution.state.kind === 'running'
  const written = await db
    .update(commandExecutions)
    .set({
      ...columnsOf(execution.state),
      ...(isHeard ? { acknowledgedAt: sql`coalesce(${commandExecutions.acknowledgedAt}, ${now})` } : {}),
      version: execution.version,
      updatedAt: now,
    })
    .where(and(eq(commandExecutions.id, stored.id), eq(commandExecutions.version, stored.version)))
    .returning({ id: commandExecutions.id })
  return written.length === 0 ? { kind: 'lostRace' } : outcome
}

/** Whether the outcome brought it to its end. */
export const hasEnded = (outcome: StoredOutcome): boolean =>
  outcome.kind === 'moved' && !isOpen(outcome.execution.state)
