import type { Role } from '@rushes/fleet'
import type { AppRouter } from './router.ts'

/** Paths of the router, such as `pairing.approve`. */
export type ProcedurePath = PathsIn<AppRouter['_def']['record']>

type PathsIn<Record_> = {
  [Key in keyof Record_ & string]: Record_[Key] extends { _def: { procedure: true } }
    ? Key
    : `${Key}.${PathsIn<Record_[Key]>}`
}[keyof Record_ & string]

/**
 * Who may call what. Total: a procedure that is missing here does not compile, and one that is unknown at run time is refused.
 * A viewer sees and plays; an operator steers devices; an admin manages people.
 */
const procedureRoles: Record<ProcedurePath, Role | 'anyone'> = {
  me: 'viewer',
  'links.inspect': 'anyone',
  'links.use': 'anyone',
  'fleet.list': 'viewer',
  'fleet.summary': 'viewer',
  'fleet.conditions': 'viewer',
  'fleet.preview': 'viewer',
  'devices.get': 'viewer',
  'devices.uploads': 'viewer',
  'devices.uploadCounts': 'viewer',
  'devices.executions': 'viewer',
  'devices.timeline': 'viewer',
  'devices.assign': 'operator',
  'devices.pauseSharing': 'operator',
  'devices.resumeSharing': 'operator',
  'devices.forget': 'admin',
  'devices.setAuthorizationExpiry': 'admin',
  'pairing.pending': 'operator',
  'pairing.approve': 'operator',
  'pairing.deny': 'operator',
  'projects.list': 'viewer',
  'projects.get': 'viewer',
  'projects.create': 'operator',
  'projects.setFolderBy': 'operator',
  'projects.manifestPreview': 'operator',
  'projects.pauseSharing': 'operator',
  'projects.resumeSharing': 'operator',
  'commands.list': 'viewer',
  'commands.get': 'viewer',
  'commands.send': 'operator',
  'commands.cancel': 'operator',
  'uploads.list': 'viewer',
  'uploads.counts': 'viewer',
  'clips.get': 'viewer',
  'clips.parts': 'viewer',
  'clips.checkAgain': 'operator',
  'clips.rename': 'operator',
  'trash.list': 'viewer',
  'trash.put': 'operator',
  'trash.restore': 'operator',
  'trash.empty': 'admin',
  'trash.setRetention': 'admin',
  'trash.previewRetention': 'admin',
  'activity.list': 'viewer',

  'people.list': 'admin',
  'people.create': 'admin',
  'people.createResetLink': 'admin',
}

/** The role that a path needs; undefined for a path that nobody may call. */
export function roleNeededFor(path: string): Role | 'anyone' | undefined {
  return Object.entries(procedureRoles).find(([known]) => known === path)?.[1]
}

export const procedurePaths: readonly string[] = Object.keys(procedureRoles)
