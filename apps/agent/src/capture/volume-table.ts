import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { type DeviceName, readDeviceNames, thisSystem, type VolumeSources } from './device-names.ts'
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
export async function readVolumeTable(
  previous: VolumeTable | null,
  sources: VolumeSources = thisSystem,
): Promise<VolumeTable> {
  const text = await readMountText(sources.mountTable)
  if (previous !== null && previous.text === text) return previous
  const mounts = parseMountTable(text)
  const nameOf = await readDeviceNames(sources)
  const volumes = new Map<Mount, MountedVolume>()
  for (const mount of mounts) {
    const volume = await describe(mount, nameOf)
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

async function readMountText(mountTable: string): Promise<string> {
  try {
    return await readFile(mountTable, 'utf8')
  } catch {
    // Not Linux. macOS mounts everything removable under /Volumes; written here in the form of the table, so that the rest is the same.
    const names = await readdir('/Volumes').catch(() => [])
    const lines = ['/', ...names.map((name) => `/Volumes/${name}`)].map(
      (path) => `0 0 0:0 / ${escapeField(path)} rw - unknown ${escapeField(path)}`,
    )
    return lines.join('\n')
  }
}

const unnamed: DeviceName = { uuid: undefined, label: undefined }

async function describe(
  mount: Mount,
  nameOf: (device: string, number: string) => Promise<DeviceName>,
): Promise<MountedVolume> {
  const isDevice = mount.source.startsWith('/dev/')
  // /dev/mapper/… is a link to the device itself; what is not a device has no real path and no UUID.
  const device = isDevice ? basename(await realpath(mount.source).catch(() => mount.source)) : ''
  const { uuid, label } = isDevice ? await nameOf(device, mount.deviceNumber) : unnamed
  const source = /^(tmpfs|overlay|none|unknown|ramfs)$/.test(mount.fileSystem) ? mount.mountPoint : mount.source
  return {
    id: (uuid === undefined ? `${mount.fileSystem}:${source}` : `uuid:${uuid}`).slice(0, 255),
    label: (label ?? (basename(mount.mountPoint) || '/')).slice(0, 255),
    mountPoint: mount.mountPoint,
    keepsInodes: keepsInodes(mount.fileSystem),
    tellsOfChanges: tellsOfChanges(mount.fileSystem),
  }
}

/** Whether a volume id tells no more than in which reader or drive the volume is: the system knows no UUID of it. */
export const isNamedByDevice = (volumeId: string): boolean => /^[^:]+:\/dev\//.test(volumeId)

function escapeField(path: string): string {
  return path.replace(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
