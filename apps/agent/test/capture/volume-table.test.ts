import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readVolumeTable } from '../../src/capture/volume-table.ts'
import { lookTwice, whereaboutsIn } from '../../src/capture/whereabouts.ts'
import { temporaryFolder } from './watched-folder.ts'

/** A reader at `/dev/sdz1`, mounted at the folder `slot`, of whose cards the system knows what the test lets it know. */
async function reader(root: string) {
  const sources = {
    mountTable: join(root, 'mountinfo'),
    deviceLinks: join(root, 'disk'),
    deviceNotes: join(root, 'udev'),
  }
  const slot = join(root, 'slot')
  const [uuids, labels] = ['by-uuid', 'by-label'].map((name) => join(sources.deviceLinks, name))
  for (const folder of [slot, uuids, labels, sources.deviceNotes]) await mkdir(folder ?? '', { recursive: true })
  const insert = async (fileSystem = 'exfat') => {
    const lines = ['27 1 254:0 / / rw - ext4 /dev/vda rw', `40 27 8:17 / ${slot} rw - ${fileSystem} /dev/sdz1 rw`]
    await writeFile(sources.mountTable, lines.join('\n'))
    return readVolumeTable(null, sources)
  }
  const eject = async () => {
    await writeFile(sources.mountTable, '27 1 254:0 / / rw - ext4 /dev/vda rw')
    return readVolumeTable(null, sources)
  }
  return { slot, eject, uuids: uuids ?? '', labels: labels ?? '', notes: join(sources.deviceNotes, 'b8:17'), insert }
}

const clipOn = (volumeId: string) => ({ volumeId, inode: '7', inodeIsStable: false })

test('another card in the same reader is another volume, by the links to its device', async () => {
  await using folder = await temporaryFolder()
  const { slot, uuids, labels, insert } = await reader(folder.path)
  await symlink('../../sdz1', join(uuids, 'AAAA-0001'))
  await symlink('../../sdz1', join(labels, 'A\\x20001'))
  const volume = (await insert()).find(join(slot, 'A001.mov'))
  expect(volume).toMatchObject({ id: 'uuid:AAAA-0001', label: 'A 001', keepsInodes: false })
})

test('another card in the same reader is another volume where /dev has no disks, by what udev has noted of its device', async () => {
  await using folder = await temporaryFolder()
  const { slot, notes, insert } = await reader(folder.path)
  await writeFile(notes, 'S:disk/by-uuid/AAAA-0001\nE:ID_FS_LABEL_ENC=A\\x20001\nE:ID_FS_UUID_ENC=AAAA-0001\n')
  const first = (await insert()).find(slot)
  expect(first).toMatchObject({ id: 'uuid:AAAA-0001', label: 'A 001' })
  await writeFile(notes, 'E:ID_FS_UUID_ENC=BBBB-0002\n')
  const other = await insert()
  expect(other.isMounted(first.id)).toBe(false)
  expect(await whereaboutsIn(other, join(slot, 'A001.mov'), clipOn(first.id), slot)).toBe('volumeAbsent')
  // With its own card in, the clip is deleted.
  expect(await whereaboutsIn(other, join(slot, 'A001.mov'), clipOn('uuid:BBBB-0002'), slot)).toBe('deleted')
})

test('a clip whose card is pulled out between the looks at what is mounted and at the clip does not count as deleted', async () => {
  await using folder = await temporaryFolder()
  const { slot, uuids, insert, eject } = await reader(folder.path)
  await symlink('../../sdz1', join(uuids, 'AAAA-0001'))
  const asked = [join(slot, 'A001.mov'), clipOn('uuid:AAAA-0001'), slot] as const
  const tables = [await insert(), await eject()]
  const readTable = async () => tables.shift() ?? eject()
  expect(await lookTwice(readTable, ...asked)).toBe('volumeAbsent')
  expect(await lookTwice(insert, ...asked)).toBe('deleted')
})

test('of a card that the system knows by its reader alone no clip counts as deleted, since another card may be in', async () => {
  await using folder = await temporaryFolder()
  const { slot, insert } = await reader(folder.path)
  const table = await insert()
  const { id } = table.find(slot)
  expect(id).toBe('exfat:/dev/sdz1')
  expect(await whereaboutsIn(table, join(slot, 'A001.mov'), clipOn(id), slot)).toBe('volumeAbsent')
  const disk = await insert('ext4')
  expect(await whereaboutsIn(disk, join(slot, 'A001.mov'), clipOn('ext4:/dev/sdz1'), slot)).toBe('deleted')
})
