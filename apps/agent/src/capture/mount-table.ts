/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export type Mount = {
  mountPoint: string
  fileSystem: string
  source: string
  /** `major:minor` of what is mounted. */
  deviceNumber: string
}

/** Parses the table; lines of another shape are skipped. */
export function parseMountTable(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    // Optional fields end in a lone dash; file system and source follow it.
    const dash = fields.indexOf('-', 6)
    const [deviceNumber, mountPoint] = [fields[2], fields[4]]
    const [fileSystem, source] = [fields[dash + 1], fields[dash + 2]]
    if (dash < 0 || deviceNumber === undefined || mountPoint === undefined) return []
    if (fileSystem === undefined || source === undefined) return []
    return [{ mountPoint: unescapeField(mountPoint), fileSystem, source: unescapeField(source), deviceNumber }]
  })
}

/** The mount that an absolute path without symbolic links lies on: the longest mount point above it, and of two equal ones the later, which hides the earlier. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let found: Mount | null = null
  for (const mount of mounts) {
    if (isAtOrBelow(path, mount.mountPoint) && mount.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = mount
  }
  return found
}

export function isAtOrBelow(path: string, folder: string): boolean {
  if (!path.startsWith(folder)) return false
  return path.length === folder.length || folder.endsWith('/') || path[folder.length] === '/'
}

/** File systems that keep a file's inode number for as long as the file lives, across mounts. FAT and exFAT make them up. */
const stableInodes = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'bcachefs',
  'jfs',
  'hfsplus',
  'tmpfs',
  'overlay',
])
export const keepsInodes = (fileSystem: string): boolean => stableInodes.has(fileSystem)

/** File systems that others write to without this kernel hearing of it: no events come, so they are polled. */
const remote = /^(nfs4?|cifs|smb3?|smbfs|afs|ceph|9p|virtiofs|glusterfs|lustre|fuse\..+)$/
export const tellsOfChanges = (fileSystem: string): boolean => !remote.test(fileSystem)

/** Spaces, tabs, newlines and backslashes are written as three octal digits. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
