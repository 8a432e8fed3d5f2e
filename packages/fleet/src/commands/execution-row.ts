import type { CommandBody, CommandResult, ExecutionState } from '@rushes/protocol'

/** A command on one device as the browser shows it. Ready for JSON: instants are ISO 8601 in UTC. */
export type ExecutionRow = {
  executionId: string
  commandId: string
  deviceId: string
  body: CommandBody
  lane: 'ordinary' | 'destructive'
  state: ExecutionState
  /** The command was cancelled; the device is being told, and what it had begun it finishes. */
  isCancelRequested: boolean
  step: string | null
  percent: number | null
  /** For `succeeded`; on any other final state: what the device reported when the server had already given up on it. */
  result: CommandResult | null
  error: { code: string; message: string } | null
  issuedBy: string
  reason: string | null
  deliveryCount: number
  queuedAt: string
  deliveredAt: string | null
  acknowledgedAt: string | null
  startedAt: string | null
  expiresAt: string | null
  finalizedAt: string | null
}
