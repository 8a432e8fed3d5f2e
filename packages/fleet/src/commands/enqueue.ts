import { commandExecutions, deviceModels, devices } from '@rushes/db'
import type { CommandBody } from '@rushes/protocol'
import { asc, eq, inArray } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { insertCommand } from './insert-command.ts'

/** Commands that a person sends as such; a move to another project is a change of ours first: `assignProject`. */
export type OperatorCommand = Exclude<CommandBody, { kind: 'assignProject' }>

export type EnqueueCommandInput = {
  /** Chosen by the caller: the same id again enqueues nothing, so a repeated request is harmless. */
  commandId: string
  body: OperatorCommand
  deviceIds: readonly string[]
  reason?: string | null
  /** How long devices may begin; beyond it the command has expired. Null: until it is called off. */
  validForMs?: number | null
}

export type SkippedDevice = { deviceId: string; because: 'unknown' | 'revoked' | 'noControlLink' }

export type EnqueueCommandOutcome =
  | {
      kind: 'enqueued'
      commandId: string
      executions: { deviceId: string; executionId: string }[]
      skipped: SkippedDevice[]
    }
  /** Enqueued before, by this id. */
  | { kind: 'alreadyEnqueued'; commandId: string; executions: { deviceId: string; executionId: string }[] }
  | { kind: 'noDevices'; skipped: SkippedDevice[] }

const defaultValidityMs = 7 * 86_400_000

/**
 * Sends a command to devices, whether they are connected or not: it waits for them, durably, until it expires. One transaction
 * holds the command, an execution per device, the audit row and the wake-up.
 */
export async function enqueueCommand(context: Acting, input: EnqueueCommandInput): Promise<EnqueueCommandOutcome> {
  const { commandId, body } = input
  const reason = input.reason ?? null
  const validForMs = input.validForMs === undefined ? defaultValidityMs : input.validForMs
  return context.db.transaction(async (tx) => {
    const before = await tx
      .select({ deviceId: commandExecutions.deviceId, executionId: commandExecutions.id })
      .from(commandExecutions)
      .where(eq(commandExecutions.commandId, commandId))
      .orderBy(asc(commandExecutions.laneSeq))
    if (before.length > 0) return { kind: 'alreadyEnqueued', commandId, executions: before }

    const found = await tx
      .select({
        id: devices.id,
        name: devices.name,
        projectId: devices.projectId,
        revokedAt: devices.revokedAt,
        isOurAgent: deviceModels.isOurAgent,
      })
      .from(devices)
      .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
      .where(inArray(devices.id, [...new Set(input.deviceIds)]))
      .orderBy(asc(devices.id))
      .for('no key update', { of: devices }) // a move of the device comes wholly before or after this command
    const byId = new Map(found.map((device) => [device.id, device]))
    const skipped: SkippedDevice[] = []
    for (const deviceId of new Set(input.deviceIds)) {
      const device = byId.get(deviceId)
      if (device === undefined) skipped.push({ deviceId, because: 'unknown' })
      else if (device.revokedAt !== null) skipped.push({ deviceId, because: 'revoked' })
      else if (!device.isOurAgent) skipped.push({ deviceId, because: 'noControlLink' })
    }
    const leftOut = new Set(skipped.map((one) => one.deviceId))
    const targets = found.filter((device) => !leftOut.has(device.id))
    const [first] = targets
    if (first === undefined) return { kind: 'noDevices', skipped }

    const deviceIds = targets.map((device) => device.id)
    const expiresAt = validForMs === null ? null : new Date(context.now.getTime() + validForMs)
    const acting = { ...context, db: tx }
    const { executionIds } = await insertCommand(acting, { commandId, body, deviceIds, reason, expiresAt })
    const isOne = targets.length === 1
    await recordAudit(acting, {
      action: `command.${body.kind}`,
      target: isOne ? { kind: 'device', id: first.id, name: first.name } : { kind: 'command', id: commandId },
      deviceId: isOne ? first.id : null,
      projectId: isOne ? first.projectId : null,
      reason,
      after: { commandId, ...body, deviceIds: deviceIds.slice(0, 1_000), deviceCount: deviceIds.length },
    })
    await announceDeviceChange(tx, { deviceIds })
    const executions = [...executionIds].map(([deviceId, executionId]) => ({ deviceId, executionId }))
    return { kind: 'enqueued', commandId, executions, skipped }
  })
}
