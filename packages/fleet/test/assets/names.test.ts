import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { folderDay, folderFor, mediaFolder } from '../../src/assets/folder-for.ts'
import { numberedName, safeName } from '../../src/assets/safe-name.ts'

describe('a name that anybody may have sent', () => {
  test.each([
    ['C2C_TEST_CLIP.mp4', 'C2C_TEST_CLIP.mp4'],
    ['Łódź 07 – “take” 3.mov', 'Łódź 07 – “take” 3.mov'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['..', '__'],
    ['.', '_'],
    ['.hidden.mp4', '_hidden.mp4'],
    ['a/b\\c.mp4', 'a_b_c.mp4'],
    ['nul\0byte\nline\u0007.mp4', 'nul_byte_line_.mp4'],
    ['CON', '_CON'],
    ['aux.mp4', '_aux.mp4'],
    ['COM1.wav', '_COM1.wav'],
    ['con .txt', '_con .txt'],
    ['CONIN$', '_CONIN$'],
    ['console.mp4', 'console.mp4'],
    ['what?.mp4', 'what_.mp4'],
    ['trailing. . ', 'trailing'],
    ['\u202egpm.exe', 'gpm.exe'],
    ['\u061cgpm.exe', 'gpm.exe'],
    ['   ', 'unnamed'],
    ['\ud800.mp4', '\ufffd.mp4'],
    ['e\u0301.mp4', '\u00e9.mp4'],
  ])('%j becomes %j', (name, safe) => {
    expect(safeName(name)).toBe(safe)
  })

  test('of 4 KB keeps its extension within what file systems take, numbers included', () => {
    const safe = safeName(`${'ä'.repeat(2_000)}.mp4`)
    expect(Buffer.byteLength(numberedName(safe, 9_999))).toBeLessThanOrEqual(255)
    expect(safe.endsWith('ä.mp4')).toBe(true)
    expect(Buffer.byteLength(safeName(`a.${'x'.repeat(4_000)}`))).toBeLessThanOrEqual(240)
  })

  test.each(['.', ' ', '. .'])('that is cut right after %j does not end in it', (end) => {
    expect(safeName('x'.repeat(240 - end.length) + end + 'y'.repeat(100))).toBe('x'.repeat(240 - end.length))
  })

  test('is always one plain segment, and safe already when it was made safe', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const safe = safeName(name)
        expect(safe).not.toMatch(/[\p{Cc}/\\:*?"<>|]|^\.|[. ]$/u)
        expect(safe.length).toBeGreaterThan(0)
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(241)
        expect(safeName(safe)).toBe(safe)
      }),
    )
  })
})

test('the second file of a name gets a number before its extension', () => {
  expect([1, 2, 3].map((nth) => numberedName('clip.mp4', nth))).toEqual(['clip.mp4', 'clip (2).mp4', 'clip (3).mp4'])
  expect(numberedName('README', 2)).toBe('README (2)')
})

test('a clip lies by the day of its capture in the time zone, its kind and its device', () => {
  const clip = { filetype: 'video/mp4', name: 'a.mp4', deviceName: 'A/Cam', day: new Date('2026-11-22T23:30:00Z') }
  expect(folderFor({ ...clip, timezone: 'UTC' })).toBe('Cloud Devices/2026_11_22/VIDEO/A_Cam')
  expect(folderFor({ ...clip, timezone: 'Europe/Berlin' })).toBe('Cloud Devices/2026_11_23/VIDEO/A_Cam')
  expect(folderDay(clip.day, 'America/Los_Angeles')).toBe('2026_11_22')
})

test.each([
  ['video/mp4', 'a.mp4', 'VIDEO'],
  ['audio/wav', 'a.wav', 'AUDIO'],
  ['image/jpeg', 'a.jpg', 'IMAGE'],
  ['application/octet-stream', 'A001.R3D', 'VIDEO'],
  ['application/octet-stream', 'sound.wav', 'AUDIO'],
  ['application/pdf', 'notes.pdf', 'DATA'],
  ['application/octet-stream', 'no-extension', 'DATA'],
])('%s %s goes to %s', (filetype, name, folder) => {
  expect(mediaFolder(filetype, name)).toBe(folder)
})
