// One line per verb, by folder; whoever adds a verb adds its line.

export { type AuditEntry, recordAudit } from './audit/record.ts'
export { wake } from './bus/wake.ts'
export { decodeWake, encodeWake, type Wake, wakeChannel } from './bus/wake-payload.ts'
export type { Acting, Actor, Clocked } from './context.ts'
export { announceDeviceChange } from './devices/announce-change.ts'
export { type PauseSharingOutcome, pauseSharing } from './devices/pause-sharing.ts'
export { type ResumeSharingOutcome, resumeSharing } from './devices/resume-sharing.ts'
export { type Auth, type AuthOptions, createAuth, maxPasswordLength, minPasswordLength } from './people/auth.ts'
export { findSession, type Person, type SignedIn } from './people/find-session.ts'
export { type Role, roleSuffices, roles } from './people/roles.ts'
export {
  type CreatedProject,
  type CreateProjectInput,
  type CreateProjectOutcome,
  createProject,
} from './projects/create.ts'
export { type ListedProject, listProjects } from './projects/list.ts'
export { isTimezone } from './projects/timezone.ts'
