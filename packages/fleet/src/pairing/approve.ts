import { type Database, pairingRequests, projects } from '@rushes/db'
import { and, desc, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { isTimezone } from '../projects/timezone.ts'
import { admitDevice } from './admit-device.ts'
import { countWrongCode, lockedOutUntil, subjectsOf, takeTurns } from './wrong-codes.ts'

export type ApprovePairingInput = {
  /** As typed: spaces and dashes count for nothing. */
  userCode: string
  /** Null for a device whose uploads go to another server, and only for such. */
  projectId: string | null
  /** Of the person, as an IANA name: the days of the device's folders are counted in it. The project's when absent. */
  timezone?: string | null
  /** Where the person types, for the lock-out; null where that is not a network address. */
  remoteAddress: string | null
}

export type ApprovePairingOutcome =
  | {
      kind: 'approved'
      deviceId: string
      deviceName: string
      projectId: string | null
      projectName: string | null
      /** The device was here before and keeps its history. */
      pairedAgain: boolean
      uploadTo: string | null
    }
  | { kind: 'codeUnknown' }
  | { kind: 'codeExpired' }
  /** Someone was quicker. */
  | { kind: 'alreadyDecided'; decision: 'approved' | 'denied'; decidedBy: string }
  | { kind: 'projectRequired' }
  /** The project of this device is the one that its destination names. */
  | { kind: 'projectNotTaken'; uploadTo: string }
  | { kind: 'projectUnknown' }
  | { kind: 'timezoneUnknown'; timezone: string }
  /** Too many wrong codes from this person or address; the right one is refused too until then. */
  | { kind: 'lockedOut'; until: Date }

/**
 * Lets the device with this code in, into a project. The device fetches its tokens at its next poll; pairing a device again
 * keeps its row and, in the same project, its epoch.
 */
export async function approvePairing(context: Acting, input: ApprovePairingInput): Promise<ApprovePairingOutcome> {
  const { now, actor } = context
  const subjects = subjectsOf(actor, input.remoteAddress)
  const userCode = input.userCode.replace(/[\s-]/g, '')
  const timezone = input.timezone ?? null
  if (timezone !== null && !isTimezone(timezone)) return { kind: 'timezoneUnknown', timezone }
  const tryCode = async (tx: Database): Promise<ApprovePairingOutcome> => {
    const [request] = await tx
      .select()
      .from(pairingRequests)
      .where(eq(pairingRequests.userCode, userCode))
      .orderBy(desc(pairingRequests.createdAt))
      .limit(1)
      .for('update')
    if (request === undefined) return { kind: 'codeUnknown' }
    if (request.state !== 'pending') {
      const decision = request.state === 'denied' ? 'denied' : 'approved'
      // A code that was answered long ago is nobody's any more.
      if (request.expiresAt <= now) return { kind: 'codeUnknown' }
      return { kind: 'alreadyDecided', decision, decidedBy: request.decidedBy ?? 'unknown' }
    }
    if (request.expiresAt <= now) return { kind: 'codeExpired' }
    const { uploadTo } = request
    if (uploadTo !== null && input.projectId !== null) return { kind: 'projectNotTaken', uploadTo }
    if (uploadTo === null && input.projectId === null) return { kind: 'projectRequired' }
    let projectName: string | null = null
    if (input.projectId !== null) {
      const [project] = await tx
        .select({ name: projects.name })
        .from(projects)
        .where(and(eq(projects.id, input.projectId), isNull(projects.archivedAt)))
        .for('key share')
      if (project === undefined) return { kind: 'projectUnknown' }
      projectName = project.name
    }

    const admitted = await admitDevice({ ...context, db: tx }, { request, projectId: input.projectId, timezone })
    await tx
      .update(pairingRequests)
      .set({
        state: 'approved',
        projectId: input.projectId,
        deviceId: admitted.deviceId,
        decidedBy: actor.name,
        decidedAt: now,
      })
      .where(eq(pairingRequests.id, request.id))
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'pairing.approve',
        target: { kind: 'device', id: admitted.deviceId, name: admitted.deviceName },
        deviceId: admitted.deviceId,
        projectId: input.projectId,
        before: admitted.pairedAgain ? { projectId: admitted.formerProjectId } : {},
        after: {
          projectId: input.projectId,
          projectEpoch: admitted.projectEpoch,
          uploadTo,
          clientId: request.clientId,
        },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [admitted.deviceId], pairing: true })
    const { deviceId, deviceName, pairedAgain } = admitted
    return { kind: 'approved', deviceId, deviceName, projectId: input.projectId, projectName, pairedAgain, uploadTo }
  }
  return context.db.transaction(async (tx) => {
    const inside = { ...context, db: tx }
    await takeTurns(inside, subjects)
    const until = await lockedOutUntil(inside, subjects)
    if (until !== null) return { kind: 'lockedOut', until }
    const outcome = await tryCode(tx)
    if (outcome.kind === 'codeUnknown') await countWrongCode(inside, subjects)
    return outcome
  })
}
