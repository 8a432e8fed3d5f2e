import { devices, pauseWindows, projects } from '@rushes/db'
import { and, asc, eq, isNull } from 'drizzle-orm'
import type { Acting } from '../context.ts'
import { pauseSharing } from '../devices/pause-sharing.ts'
import { resumeSharing } from '../devices/resume-sharing.ts'

export type ProjectSharingOutcome =
  /** `alreadyCount`: devices that were in that state before. */
  { kind: 'changed'; changedCount: number; alreadyCount: number } | { kind: 'projectUnknown' }

/** Pauses sharing on every device that is in the project now, in one transaction; devices that join later are not paused. */
export async function pauseProjectSharing(
  context: Acting,
  input: { projectId: string; reason?: string | null },
): Promise<ProjectSharingOutcome> {
  return onEachDevice(context, input.projectId, async (acting, deviceId) => {
    const outcome = await pauseSharing(acting, { deviceId, reason: input.reason ?? null })
    return outcome.kind === 'paused'
  })
}

/** Resumes sharing on every device of the project, whether it is paused as a whole or on some of its channels. */
export async function resumeProjectSharing(
  context: Acting,
  input: { projectId: string; reason?: string | null },
): Promise<ProjectSharingOutcome> {
  return onEachDevice(context, input.projectId, async (acting, deviceId) => {
    const open = await acting.db
      .select({ channel: pauseWindows.channel })
      .from(pauseWindows)
      .where(and(eq(pauseWindows.deviceId, deviceId), isNull(pauseWindows.endedAt)))
    let hasResumed = false
    for (const { channel } of open) {
      const outcome = await resumeSharing(acting, { deviceId, channel, reason: input.reason ?? null })
      hasResumed ||= outcome.kind === 'resumed'
    }
    return hasResumed
  })
}

async function onEachDevice(
  context: Acting,
  projectId: string,
  change: (acting: Acting, deviceId: string) => Promise<boolean>,
): Promise<ProjectSharingOutcome> {
  return context.db.transaction(async (tx) => {
    const [project] = await tx.select({ id: projects.id }).from(projects).where(eq(projects.id, projectId))
    if (project === undefined) return { kind: 'projectUnknown' }
    // In the order of their ids, as everywhere: two operators at once do not wait for each other in a circle.
    const found = await tx
      .select({ id: devices.id })
      .from(devices)
      .where(and(eq(devices.projectId, projectId), isNull(devices.revokedAt)))
      .orderBy(asc(devices.id))
    let changedCount = 0
    for (const { id } of found) if (await change({ ...context, db: tx }, id)) changedCount += 1
    return { kind: 'changed', changedCount, alreadyCount: found.length - changedCount }
  })
}
