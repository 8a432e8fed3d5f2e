import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { drawProgress } from '../../src/cli/progress/draw-progress.ts'
import type { ClipProgress, ProgressAnswer, StatusAnswer } from '../../src/local-api/operations.ts'

const clip = (name: string, change: Partial<ClipProgress> = {}): ClipProgress => ({
  id: name,
  path: `/media/card/${name}`,
  state: 'uploading',
  reason: null,
  sizeBytes: 2_000_000_000,
  bytesAcknowledged: 1_000_000_000,
  bytesInFlight: 0,
  ...change,
})

const status: StatusAnswer = {
  project: { id: 'project-1', name: 'Night Shoot' },
  projectEpoch: 1,
  destination: 'https://ingest.example',
  destinationIsOurs: true,
  hold: null,
  blockedBy: null,
  uploadLink: { state: 'up', lastSuccessAt: null, lastError: null },
  counts: { verified: 2, uploading: 2, queued: 1 },
  bytes: { captured: 10_000_000_000, acknowledged: 6_000_000_000, verified: 4_000_000_000, waiting: 4_000_000_000 },
  rateBytesPerSecond: 40_000_000,
  volumes: [],
  daemon: true,
  paired: true,
  clientId: 'unit',
  deviceId: 'device-1',
  controlServer: null,
  controlLink: null,
  agentVersion: '0.1.0',
  notMoving: [],
  sharingPaused: false,
  pairingEndsAt: null,
  leftOut: null,
  limitBytesPerSecond: null,
  folders: [],
}

const answer: ProgressAnswer = {
  status,
  clips: [clip('A001C001.mov', { bytesInFlight: 250_000_000 }), clip('A001C002.mov', { bytesAcknowledged: 0 })],
}
const rates = new Map([['A001C001.mov', { atMs: 0, sentBytes: 0, bytesPerSecond: 40_000_000 }]])
const card = (
  label: string,
  verified: number,
  acknowledged: number,
  waiting: number,
): StatusAnswer['folders'][number] => ({
  watchFolder: '/media/card',
  volumeId: `uuid:${label}`,
  label,
  counts: { verified: 1 },
  bytes: { captured: 5_000_000_000, acknowledged, verified, waiting },
})

const textOf = (given: ProgressAnswer, columns: number, rows = 24) =>
  drawProgress(given, rates, { columns, rows }).map(({ text }) => text.trimEnd())

describe('progress on a terminal', () => {
  test('of 110 columns has bars, three numbers, rate and time left of each clip, each card and all', () => {
    const folders = [card('CARD_A', 4_000_000_000, 5_000_000_000, 0), card('CARD_B', 0, 1_000_000_000, 4_000_000_000)]
    expect(textOf({ ...answer, status: { ...status, folders } }, 110)).toMatchInlineSnapshot(`
      [
        "Night Shoot · 2 of 5 clips verified, 4.0 GB to go, 1:40 left",
        "                                                       captured  acknowledged  verified        rate       left",
        "A001C001.mov                  ▓▓▓▓▓▓▓▓▒▒░░░░░░   50 %    2.0 GB        1.0 GB       0 B   40.0 MB/s       0:19",
        "A001C002.mov                  ░░░░░░░░░░░░░░░░    0 %    2.0 GB           0 B       0 B       0 B/s          -",
        "/media/card (CARD_A)          ████████████▓▓▓▓  100 %    5.0 GB        5.0 GB    4.0 GB",
        "/media/card (CARD_B)          ▓▓▓░░░░░░░░░░░░░   20 %    5.0 GB        1.0 GB       0 B",
        "all                           ██████▓▓▓░░░░░░░   60 %   10.0 GB        6.0 GB    4.0 GB   40.0 MB/s       1:40",
        "Ctrl-C ends this view; uploads go on.",
      ]
    `)
  })

  test('of 72 columns leaves out what matters least', () => {
    expect(textOf(answer, 72)).toMatchInlineSnapshot(`
      [
        "Night Shoot · 2 of 5 clips verified, 4.0 GB to go, 1:40 left",
        "                                        captured  acknowledged  verified",
        "A001C001.mov   ▓▓▓▓▓▓▓▓▒▒░░░░░░   50 %    2.0 GB        1.0 GB       0 B",
        "A001C002.mov   ░░░░░░░░░░░░░░░░    0 %    2.0 GB           0 B       0 B",
        "all            ██████▓▓▓░░░░░░░   60 %   10.0 GB        6.0 GB    4.0 GB",
        "Ctrl-C ends this view; uploads go on.",
      ]
    `)
  })

  test('of 20 columns still has names and how much has arrived', () => {
    expect(textOf(answer, 20)).toMatchInlineSnapshot(`
      [
        "Night Shoot · 2 of …",
        "",
        "A001C001.mov    50 %",
        "A001C002.mov     0 %",
        "all             60 %",
        "Ctrl-C ends this vi…",
      ]
    `)
  })

  test('says why a clip waits, and why nothing moves', () => {
    const waiting = clip('A001C003.mov', { state: 'waiting', reason: 'sourceRemoved' })
    const notMoving = [{ reason: 'offline', since: null }]
    const lines = textOf({ status: { ...status, notMoving }, clips: [waiting] }, 90)
    expect(lines[3]).toMatch(/^ {2}waiting: /)
    expect(lines.at(-2)).toMatch(/destination|network|connection/i)
  })

  test('fits every size there is, whatever files are called', () => {
    const names = [
      'plain.mov',
      '映画の撮影.mov',
      '👩‍👩‍👧‍👦'.repeat(9),
      'e\u0301'.repeat(40),
      '\x1b[31mred\n\r\t',
      'a'.repeat(300),
    ]
    const clips = names.map((name, index) => clip(name, { reason: index % 2 === 0 ? null : 'backoff' }))
    const folders = names.map((name) => ({ ...card(name, 1, 2, 3), watchFolder: `/media/${name}` }))
    const given = { status: { ...status, folders, notMoving: [{ reason: 'offline', since: null }] }, clips }
    const widths = [...Array.from({ length: 30 }, (_, index) => index + 1), 50, 72, 80, 130]
    for (const columns of widths) {
      for (const rows of [1, 5, 14, 60]) {
        const lines = drawProgress(given, rates, { columns, rows })
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const { text } of lines) {
          expect(stringWidth(text), JSON.stringify(text)).toBeLessThanOrEqual(columns)
          expect(text).not.toMatch(/\p{Cc}/u)
        }
      }
    }
  })

  test('names what there is no room for, and shows what moves first', () => {
    const clips = Array.from({ length: 30 }, (_, index) =>
      clip(`C${index}.mov`, { bytesInFlight: index === 29 ? 1 : 0 }),
    )
    const lines = textOf({ status, clips }, 80, 12)
    expect(lines).toHaveLength(12)
    expect(lines[2]).toContain('C29.mov')
    expect(lines).toContain('  and 23 more')
  })

  test('never says 100 % or draws a full bar before the last byte, nor more than that', () => {
    const almost = textOf(
      { status, clips: [clip('A.mov', { bytesAcknowledged: 1_999_999_999, bytesInFlight: 5 })] },
      110,
    )
    expect(almost[2]).toContain('99 %')
    const whole = textOf(
      { status, clips: [clip('A.mov', { state: 'verified', bytesAcknowledged: 2_000_000_000 })] },
      110,
    )
    expect(whole[2]).toMatch(/█{16} +100 %/)
    expect(textOf({ status, clips: [clip('A.mov', { sizeBytes: 0, bytesAcknowledged: 0 })] }, 110)[2]).toContain('░░ ')
  })
})
