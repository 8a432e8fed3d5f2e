import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Where the system tells of its mounts and of its disks; other places are given in tests. */
export type VolumeSources = {
  mountTable: string
  /** Holds `by-uuid` and `by-label`: links to devices, which udev keeps. */
  deviceLinks: string
  /** udev's own notes, a file for each device: they can be had in a container or a cage whose `/dev` has no disks. */
  deviceNotes: string
}
export const thisSystem: VolumeSources = {
  mountTable: '/proc/self/mountinfo',
  deviceLinks: '/dev/disk',
  deviceNotes: '/run/udev/data',
}

export type DeviceName = { uuid: string | undefined; label: string | undefined }

/** Gives the UUID and the label of the file system on a device, by its last name (`sdb1`) and its number (`8:17`). */
export async function readDeviceNames({ deviceLinks, deviceNotes }: VolumeSources) {
  const uuids = await readLinks(join(deviceLinks, 'by-uuid'))
  const labels = await readLinks(join(deviceLinks, 'by-label'))
  return async (device: string, number: string): Promise<DeviceName> => {
    const uuid = uuids.get(device)
    if (uuid !== undefined) return { uuid, label: labels.get(device) }
    // Absent without udev: then volumes are told apart by device or mount point.
    return noted(await readFile(join(deviceNotes, `b${number}`), 'utf8').catch(() => ''))
  }
}

/** Device → name, from a folder of links that udev keeps. */
async function readLinks(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => []) // absent in containers and without udev
  const links = new Map<string, string>()
  for (const name of names) {
    // A link that vanishes meanwhile belongs to a device that is being removed.
    const target = await readlink(join(folder, name)).catch(() => null)
    if (target !== null) links.set(basename(target), decode(name))
  }
  return links
}

function noted(notes: string): DeviceName {
  const noteOf = (key: string) => {
    const value = new RegExp(`^E:${key}=(.+)$`, 'm').exec(notes)?.[1]
    return value === undefined ? undefined : decode(value)
  }
  return { uuid: noteOf('ID_FS_UUID_ENC'), label: noteOf('ID_FS_LABEL_ENC') }
}

/** What may not stand in the name of a link is written as `\xNN`. */
const decode = (name: string): string =>
  name.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
