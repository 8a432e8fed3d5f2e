import { isOpen } from '@rushes/command-core'
import type { ExecutionRow } from './execution-row.ts'
import type { ExecutionOfCommand } from './stored-executions.ts'

/** A stored execution as the browser reads it. */
export function toExecutionRow({ execution, command }: ExecutionOfCommand): ExecutionRow {
  const iso = (at: Date | null) => at?.toISOString() ?? null
  const isCalledOff = command.state === 'cancelled' || command.state === 'aborted'
  return {
    executionId: execution.id,
    commandId: command.id,
    deviceId: execution.deviceId,
    body: command.body,
    lane: execution.lane,
    state: execution.state,
    isCancelRequested: isCalledOff && isOpen({ kind: execution.state }),
    step: execution.step,
    percent: execution.percent,
    result: execution.result,
    error: execution.errorCode === null ? null : { code: execution.errorCode, message: execution.errorMessage ?? '' },
    issuedBy: command.issuedBy,
    reason: command.reason,
    deliveryCount: execution.deliveryCount,
    queuedAt: execution.queuedAt.toISOString(),
    deliveredAt: iso(execution.deliveredAt),
    acknowledgedAt: iso(execution.acknowledgedAt),
    startedAt: iso(execution.startedAt),
    expiresAt: iso(execution.expiresAt),
    finalizedAt: iso(execution.finalizedAt),
  }
}
