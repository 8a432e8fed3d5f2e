import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { keepsInodes, type Mount, mountOf, parseMountTable, tellsOfChanges } from './mount-table.ts'

/** A mounted file system, as the capture room needs to know it. */
export type MountedVolume = {
  /** Stays the same wherever the volume is mounted, if it has a UUID or is a share. */
  id: string
  label: string
  mountPoint: string
  keepsInodes: boolean
  tellsOfChanges: boolean
}

/** What was mounted at one moment. Volumes that were in `previous` already are the same objects. */
export type VolumeTable = {
  /** Changes exactly when something was mounted or unmounted. */
  text: string
  /** The volume of an absolute path without symbolic links, whether or not the path exists. */
  find(path: string): MountedVolume
  isMounted(volumeId: string): boolean
}

/** Reads what is mounted; cheap when nothing changed since `previous`. */
export async function readVolumeTable(previous: VolumeTable | null): Promise<VolumeTable> {
  const text = await readMountText()
  if (previous !== null && previous.text === text) return previous
  const mounts = parseMountTable(text)
  const names = await readDeviceNames()
  const volumes = new Map<Mount, MountedVolume>()
  for (const mount of mounts) {
    const volume = await describe(mount, names)
    const before = previous?.find(mount.mountPoint)
    volumes.set(
      mount,
      before !== undefined && before.id === volume.id && before.mountPoint === volume.mountPoint ? before : volume,
    )
  }
  return {
    text,
    find: (path) => {
      const mount = mountOf(mounts, path)
      return (mount === null ? undefined : volumes.get(mount)) ?? unknownVolume
    },
    // A volume under another one's mount point is hidden and as good as absent.
    isMounted: (id) =>
      [...volumes].some(([mount, volume]) => volume.id === id && mountOf(mounts, mount.mountPoint) === mount),
  }
}

/** Before the table was read for the first time. */
export const unreadVolumeTable: VolumeTable = { text: '', find: () => unknownVolume, isMounted: () => false }

const unknownVolume: MountedVolume = {
  id: 'unknown',
  label: '/',
  mountPoint: '/',
  keepsInodes: false,
  tellsOfChanges: true,
}

async function readMountText(): Promise<string> {
  try {
    return await readFile('/proc/self/mountinfo', 'utf8')
  } catch {
    // Not Linux. macOS mounts everything removable under /Volumes; written here in the form of the table, so that the rest is the same.
    const names = await readdir('/Volumes').catch(() => [])
    const lines = ['/', ...names.map((name) => `/Volumes/${name}`)].map(
      (path) => `0 0 0:0 / ${escapeField(path)} rw - unknown ${escapeField(path)}`,
    )
    return lines.join('\n')
  }
}

type DeviceNames = { uuids: Map<string, string>; labels: Map<string, string> }

async function readDeviceNames(): Promise<DeviceNames> {
  return { uuids: await readLinks('/dev/disk/by-uuid'), labels: await readLinks('/dev/disk/by-label') }
}

/** Device → name, from a folder of links that udev keeps. */
async function readLinks(folder: string): Promise<Map<string, string>> {
  // Absent in containers and without udev: then volumes are told apart by device or mount point.
  const names = await readdir(folder).catch(() => [])
  const links = new Map<string, string>()
  for (const name of names) {
    // A link that vanishes meanwhile belongs to a device that is being removed.
    const target = await readlink(join(folder, name)).catch(() => null)
    if (target !== null)
      links.set(
        basename(target),
        name.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      )
  }
  return links
}

async function describe(mount: Mount, names: DeviceNames): Promise<MountedVolume> {
  // /dev/mapper/… is a link to the device itself; what is not a device has no real path and no UUID.
  const device = mount.source.startsWith('/dev/')
    ? basename(await realpath(mount.source).catch(() => mount.source))
    : ''
  const uuid = names.uuids.get(device)
  const source = /^(tmpfs|overlay|none|unknown|ramfs)$/.test(mount.fileSystem) ? mount.mountPoint : mount.source
  return {
    id: (uuid === undefined ? `${mount.fileSystem}:${source}` : `uuid:${uuid}`).slice(0, 255),
    label: (names.labels.get(device) ?? (basename(mount.mountPoint) || '/')).slice(0, 255),
    mountPoint: mount.mountPoint,
    keepsInodes: keepsInodes(mount.fileSystem),
    tellsOfChanges: tellsOfChanges(mount.fileSystem),
  }
}

function escapeField(path: string): string {
  return path.replace(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
