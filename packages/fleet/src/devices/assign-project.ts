import { isOvertakenBy } from '@rushes/command-core'
import { commandExecutions, commands, deviceModels, devices, projects } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { insertCommand } from '../commands/insert-command.ts'
import { settleCommands } from '../commands/settle-commands.ts'
import { hasEnded, storeTransition } from '../commands/store-transition.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from './announce-change.ts'
import { moveToProject } from './move-to-project.ts'

export type AssignProjectOutcome =
  | {
      kind: 'assigned'
      projectEpoch: number
      fromProjectId: string | null
      /** The command that tells our agent at once; null for any other device, which finds out at its next call. */
      commandId: string | null
      /** Commands meant for the former project that will not be carried out any more. */
      supersededCount: number
      closedAssetIds: string[]
    }
  | { kind: 'sameProject'; projectEpoch: number }
  /** Its uploads go to another server; that is where it is moved. */
  | { kind: 'foreignDestination'; uploadTo: string }
  | { kind: 'deviceUnknown' }
  | { kind: 'deviceRevoked' }
  | { kind: 'projectUnknown' }
  | { kind: 'projectArchived' }

/**
 * Moves a device to another project (null: to none) in one transaction: the fence goes up with the commit, whether the device is
 * connected or not. Its access tokens end at once, clips that are not whole are closed, and what was asked of it for the former
 * project is superseded. The device clears its queue before it sends anything; its receipt opens the fence.
 */
export async function assignProject(
  context: Acting,
  input: { deviceId: string; projectId: string | null; reason?: string | null },
): Promise<AssignProjectOutcome> {
  const reason = input.reason ?? null
  return context.db.transaction(async (tx) => {
    const acting = { ...context, db: tx }
    const [device] = await tx
      .select({
        id: devices.id,
        name: devices.name,
        projectId: devices.projectId,
        projectEpoch: devices.projectEpoch,
        uploadTo: devices.uploadTo,
        revokedAt: devices.revokedAt,
        isOurAgent: deviceModels.isOurAgent,
      })
      .from(devices)
      .innerJoin(deviceModels, eq(deviceModels.id, devices.modelId))
      .where(eq(devices.id, input.deviceId))
      .for('update', { of: devices })
    if (device === undefined) return { kind: 'deviceUnknown' }
    if (device.revokedAt !== null) return { kind: 'deviceRevoked' }
    if (device.uploadTo !== null) return { kind: 'foreignDestination', uploadTo: device.uploadTo }
    if (device.projectId === input.projectId) return { kind: 'sameProject', projectEpoch: device.projectEpoch }
    const project = await findTarget(acting, input.projectId)
    if (project === 'unknown') return { kind: 'projectUnknown' }
    if (project === 'archived') return { kind: 'projectArchived' }

    const { projectEpoch, closedAssetIds } = await moveToProject(acting, {
      device,
      toProjectId: input.projectId,
      reason,
    })
    const supersededCount = await supersede(acting, { deviceId: device.id, projectEpoch })
    const commandId = device.isOurAgent ? crypto.randomUUID() : null
    if (commandId !== null) {
      await insertCommand(acting, {
        commandId,
        body: {
          kind: 'assignProject',
          projectId: input.projectId,
          projectName: project?.name ?? null,
          projectEpoch,
        },
        deviceIds: [device.id],
        reason,
        expiresAt: null, // the move has happened, so the device is told whenever it comes back
      })
    }
    await recordAudit(acting, {
      action: 'device.assignProject',
      target: { kind: 'device', id: device.id, name: device.name },
      deviceId: device.id,
      projectId: input.projectId ?? device.projectId,
      reason,
      before: { projectId: device.projectId, projectEpoch: device.projectEpoch },
      after: { projectId: input.projectId, projectEpoch, commandId, closedAssetCount: closedAssetIds.length },
    })
    await announceDeviceChange(tx, {
      deviceIds: [device.id],
      projectIds: [device.projectId, input.projectId].filter((id) => id !== null),
    })
    const fromProjectId = device.projectId
    return { kind: 'assigned', projectEpoch, fromProjectId, commandId, supersededCount, closedAssetIds }
  })
}

async function findTarget(
  { db }: Acting,
  projectId: string | null,
): Promise<{ name: string } | null | 'unknown' | 'archived'> {
  if (projectId === null) return null
  const [project] = await db
    .select({ name: projects.name, archivedAt: projects.archivedAt })
    .from(projects)
    .where(eq(projects.id, projectId))
  if (project === undefined) return 'unknown'
  return project.archivedAt === null ? { name: project.name } : 'archived'
}

async function supersede(context: Acting, input: { deviceId: string; projectEpoch: number }): Promise<number> {
  const open = await context.db
    .select({ execution: commandExecutions, body: commands.body })
    .from(commandExecutions)
    .innerJoin(commands, eq(commands.id, commandExecutions.commandId))
    .where(and(eq(commandExecutions.deviceId, input.deviceId), isNull(commandExecutions.finalizedAt)))
    .for('update', { of: commandExecutions })
  const endedCommandIds: string[] = []
  for (const { execution, body } of open) {
    if (!isOvertakenBy(body, input)) continue
    const outcome = await storeTransition(context, execution, { kind: 'overtaken' })
    if (hasEnded(outcome)) endedCommandIds.push(execution.commandId)
  }
  await settleCommands(context, endedCommandIds)
  return endedCommandIds.length
}
