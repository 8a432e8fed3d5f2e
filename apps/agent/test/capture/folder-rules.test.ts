import { describe, expect, test } from 'vitest'
import { whyLeftOut } from '../../src/capture/leave-out.ts'
import { mediaTypeOf } from '../../src/capture/media-type.ts'
import { keepsInodes, mountOf, parseMountTable, tellsOfChanges } from '../../src/capture/mount-table.ts'
import { nextScanDelayMs, scanGapMs } from '../../src/capture/scan-pace.ts'
import { areWorthTelling } from '../../src/capture/volume-monitor.ts'

const everything = { include: [], exclude: [] }

test.each([
  ['.hidden.mov', 'hidden'],
  ['CARD/._C0001.MXF', 'hidden'],
  ['.DS_Store', 'hidden'],
  ['.Trashes', 'hidden'],
  ['System Volume Information', 'system'],
  ['$RECYCLE.BIN', 'system'],
  ['a.mov.part', 'temporary'],
  ['a.TMP', 'temporary'],
  ['a.mov.crdownload', 'temporary'],
  ['A001C001.mov', null],
  ['part.mov', null],
  ['a.parts', null],
] as const)('of %s by default: %s', (path, why) => expect(whyLeftOut(path, 'file', everything)).toBe(why))

test.each([
  ['a.mov.part', null],
  ['CARD/A001.MXF.TMP', null],
  ['a.mov.crdownload', null],
  ['a.part', 'temporary'],
  ['a.unknown.part', 'temporary'],
  ['.a.mov.part', 'hidden'],
] as const)('of %s in a folder of recordings: %s', (path, why) =>
  expect(whyLeftOut(path, 'file', { ...everything, mode: 'realtime' })).toBe(why),
)

describe('the rules of a folder', () => {
  test('take a temporary name in a folder of recordings for the name that it will be', () => {
    const rules = { include: ['*.mov'], exclude: ['b*'], mode: 'realtime' } as const
    expect(whyLeftOut('a.mov.part', 'file', rules)).toBeNull()
    expect(whyLeftOut('b.mov.part', 'file', rules)).toBe('byRule')
    expect(whyLeftOut('a.mxf.part', 'file', rules)).toBe('byRule')
    expect(whyLeftOut('CARD.mov.part', 'directory', rules)).toBe('temporary')
  })

  const why = (path: string, rules: { include?: string[]; exclude?: string[] }, kind: 'file' | 'directory' = 'file') =>
    whyLeftOut(path, kind, { ...everything, ...rules })

  test('match the bare name without a slash and the whole path with one, in any case', () => {
    expect(why('CARD/CLIP/C0001.MXF', { include: ['*.mxf'] })).toBeNull()
    expect(why('CARD/CLIP/C0001.MXF', { include: ['card/**/*.mxf'] })).toBeNull()
    expect(why('CARD/CLIP/C0001.MXF', { include: ['/CARD/*.mxf'] })).toBe('byRule')
    expect(why('CARD/CLIP/C0001.WAV', { include: ['*.mxf'] })).toBe('byRule')
  })
  test('let exclusion win, and keep whole directories out by it', () => {
    expect(why('a.mov', { include: ['*.mov'], exclude: ['a*'] })).toBe('byRule')
    expect(why('PROXY', { exclude: ['proxy'] }, 'directory')).toBe('byRule')
    expect(why('CLIP', { include: ['*.mxf'] }, 'directory')).toBeNull()
  })
  test('match letters however they are composed', () => {
    expect(why('Café'.normalize('NFD'), { exclude: ['café'.normalize('NFC')] })).toBe('byRule')
  })
})

test.each([
  ['A001.MXF', 'application/mxf'],
  ['a.mov', 'video/quicktime'],
  ['/x/y.MP4', 'video/mp4'],
  ['a.wav', 'audio/wav'],
  ['a.bwf', 'audio/wav'],
  ['a.RF64', 'audio/wav'],
  ['a.aif', 'audio/aiff'],
  ['a.r3d', 'video/x-red-r3d'],
  ['a.braw', 'video/x-blackmagic-raw'],
  ['a.ari', 'image/x-arri-raw'],
  ['a.arx', 'image/x-arri-hde'],
  ['a.dng', 'image/x-adobe-dng'],
  ['a.cine', 'video/x-phantom-cine'],
  ['a.heic', 'image/heic'],
  ['a.HIF', 'image/heif'],
  ['a.jpg', 'image/jpeg'],
  ['a.insp', 'image/jpeg'],
  ['a.THM', 'image/jpeg'],
  ['a.m2t', 'video/mp2t'],
  ['a.cdl', 'application/xml'],
  ['a.ale', 'text/plain'],
  ['a.srt', 'application/x-subrip'],
  ['a.unheard-of', 'application/octet-stream'],
  ['mov', 'application/octet-stream'],
  ['dir.mov/file', 'application/octet-stream'],
])('registers %s as %s', (path, type) => expect(mediaTypeOf(path)).toBe(type))

describe('the mount table', () => {
  const table = parseMountTable(
    [
      '27 1 254:0 / / rw,relatime - ext4 /dev/sda1 rw',
      '40 27 8:17 / /media/A001\\040card rw,nosuid shared:7 master:2 - exfat /dev/sdb1 rw,uid=1000',
      '41 27 0:50 / /mnt/share rw - cifs //nas/rushes rw',
      '42 41 8:33 / /mnt/share rw - ext4 /dev/sdc1 rw',
      'not a line of this table',
      '',
    ].join('\n'),
  )

  test('is read with its escapes and optional fields, and what is no line of it is skipped', () => {
    expect(table).toHaveLength(4)
    const card = { mountPoint: '/media/A001 card', fileSystem: 'exfat', source: '/dev/sdb1', deviceNumber: '8:17' }
    expect(table[1]).toEqual(card)
  })
  test.each([
    ['/media/A001 card/DCIM/1.mov', '/dev/sdb1'],
    ['/media/A001 card', '/dev/sdb1'],
    ['/media/A001 cards/1.mov', '/dev/sda1'],
    ['/', '/dev/sda1'],
    ['/mnt/share/1.mov', '/dev/sdc1'],
  ])('finds %s on %s', (path, source) => expect(mountOf(table, path)?.source).toBe(source))

  test('trusts inodes of disks only, and events of everything but shares', () => {
    expect(['ext4', 'xfs', 'btrfs', 'exfat', 'vfat', 'fuseblk', 'cifs', 'nfs4'].filter(keepsInodes)).toEqual([
      'ext4',
      'xfs',
      'btrfs',
    ])
    expect(['ext4', 'exfat', 'fuseblk', 'nfs', 'nfs4', 'cifs', 'smb3', 'fuse.sshfs'].filter(tellsOfChanges)).toEqual([
      'ext4',
      'exfat',
      'fuseblk',
    ])
  })
})

describe('full scans', () => {
  test.each([
    [{ isPolled: false, isBusy: true, lastScanTookMs: 5 }, 10_000],
    [{ isPolled: true, isBusy: false, lastScanTookMs: 5 }, 10_000],
    [{ isPolled: true, isBusy: true, lastScanTookMs: 5 }, 1_000],
  ])('with %o come after %i ms', (folder, delayMs) => expect(nextScanDelayMs(folder)).toBe(delayMs))

  test('that are asked for keep a second apart, and ten times what one takes', () => {
    expect(scanGapMs(5)).toBe(1_000)
    expect(scanGapMs(1_200)).toBe(12_000)
  })

  test('take no more than a tenth of the time where polling is needed, and a fiftieth elsewhere', () => {
    expect(nextScanDelayMs({ isPolled: true, isBusy: true, lastScanTookMs: 3_000 })).toBe(30_000)
    expect(nextScanDelayMs({ isPolled: false, isBusy: false, lastScanTookMs: 3_000 })).toBe(150_000)
  })
})

describe('volumes', () => {
  const volume = { id: 'a', label: 'a', path: '/a', sizeBytes: 1_000, freeBytes: 500, present: true }

  test.each([
    ['nothing', {}, false],
    ['1 % of the space', { freeBytes: 490 }, false],
    ['more than 1 % of the space', { freeBytes: 489 }, true],
    ['the mount point', { path: '/b' }, true],
    ['presence', { present: false, sizeBytes: null, freeBytes: null }, true],
  ])('that changed in %s are worth telling: %s', (_, change, isNews) => {
    expect(areWorthTelling([volume], [{ ...volume, ...change }])).toBe(isNews)
  })
  test('that are more, fewer or others are worth telling', () => {
    expect(areWorthTelling([], [volume])).toBe(true)
    expect(areWorthTelling([volume], [])).toBe(true)
    expect(areWorthTelling([volume], [{ ...volume, id: 'b' }])).toBe(true)
  })
})
