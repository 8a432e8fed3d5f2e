import type { FleetSummary } from '@rushes/fleet'
import { type DeviceStatus, reasonCodes } from '@rushes/protocol'
import { describe, expect, it, test } from 'vitest'
import { deviceSentence, type SentenceFacts } from '../src/words/device-sentence.ts'
import { homeSentence } from '../src/words/home-sentence.ts'

const device = (status: Partial<DeviceStatus> | null, over: Partial<SentenceFacts> = {}): SentenceFacts => ({
  presence: { state: 'online' },
  fence: { state: 'none' },
  foreign: null,
  unsound: { clipCount: 0, reportedVerifiedCount: 0 },
  report:
    status === null
      ? null
      : { status: { counts: {}, blockedBy: null, hold: null, destinationIsOurs: true, ...status } },
  ...over,
})

test.each([
  ['failed clips', device({ counts: { failed: 3, uploading: 1 } }), '3 clips failed', 'retryFailed'],
  ['a lost authorization', device({ blockedBy: 'authorizationLost' }), 'Authorization lost', 'addDevice'],
  ['no project', device({ blockedBy: 'noProject' }), 'No project', 'move'],
  [
    'a hold',
    device({ counts: { queued: 4 }, hold: { since: '', by: 'operator' } }),
    '4 clips wait for release',
    'release',
  ],
  [
    'one held clip',
    device({ counts: { queued: 1 }, hold: { since: '', by: 'operator' } }),
    '1 clip waits for release',
    'release',
  ],
  ['no network', device({ counts: { queued: 9 }, blockedBy: 'offline' }), '9 clips: no network', null],
  ['uploading', device({ counts: { uploading: 2, queued: 6 } }), '2 going up, 6 to follow', null],
  ['all verified', device({ counts: { verified: 17 } }), 'All 17 clips verified', null],
  ['one verified', device({ counts: { verified: 1 } }), '1 clip verified', null],
  [
    'all at a foreign destination',
    device({ counts: { uploaded: 2 }, destinationIsOurs: false }),
    'All 2 clips uploaded',
    null,
  ],
  ['uploaded, not yet verified', device({ counts: { uploaded: 2, verified: 1 } }), 'Verifying 2 clips', null],
  [
    'a stored clip that changed',
    device({ counts: { verified: 17 } }, { unsound: { clipCount: 1, reportedVerifiedCount: 1 } }),
    '1 stored clip not sound',
    'seeUnsound',
  ],
  [
    'stored clips that changed and clips that failed',
    device({ counts: { verified: 17, failed: 2 } }, { unsound: { clipCount: 2, reportedVerifiedCount: 2 } }),
    '2 stored clips not sound, 2 clips failed',
    'seeUnsound',
  ],
  ['nothing captured', device({}), 'Nothing captured yet', null],
  ['no report', device(null), 'Tells of its clips in a moment', null],
  ['out of reach', device({ counts: { queued: 5 } }, { presence: { state: 'offline' } }), '5 clips not home', null],
] as const)('a device with %s says so, with the action that helps', (_what, facts, text, action) => {
  expect(deviceSentence(facts)).toMatchObject({ text, action })
})

test('of a device that is out of reach nothing is promised, and one that never connected is told how to', () => {
  const away = device({ counts: { uploading: 1 } }, { presence: { state: 'offline' } })
  expect(deviceSentence(away).detail).toMatch(/While its agent runs .* rushes-agent doctor/)
  expect(deviceSentence(device(null, { presence: { state: 'neverConnected' } })).detail).toMatch(/rushes-agent run/)
})

test('a move that is not confirmed names the project that the device leaves', () => {
  const facts = device({ counts: {} }, { fence: { state: 'awaitingDevice', fromProjectName: 'Saltwater' } })
  expect(deviceSentence(facts).text).toBe('Leaving Saltwater')
})

test('every reason that can keep a device back has words, and none of them is empty', () => {
  for (const blockedBy of reasonCodes) {
    const { text, detail } = deviceSentence(device({ counts: { queued: 1 }, blockedBy }))
    expect([text, detail].every((words) => words.length > 3)).toBe(true)
  }
})

const summary = (over: Partial<FleetSummary> = {}): FleetSummary => ({
  deviceCount: 3,
  byStanding: {},
  onlineCount: 3,
  offlineCount: 0,
  sharingPausedCount: 0,
  unreportedCount: 0,
  clips: {
    homeCount: 214,
    totalCount: 214,
    failedCount: 0,
    heldCount: 0,
    leftOutCount: 0,
    unsoundCount: 0,
    unsoundVerifiedCount: 0,
  },
  bytes: { captured: 0, acknowledged: 0, verified: 0, waiting: 0 },
  ...over,
})
const clips = (homeCount: number, totalCount: number, leftOutCount = 0) => ({
  homeCount,
  totalCount,
  leftOutCount,
  unsoundCount: 0,
  unsoundVerifiedCount: 0,
  failedCount: 0,
  heldCount: 0,
})
const said = (over: Partial<FleetSummary>, rate: number | null = null) => {
  const { text, tone, details } = homeSentence(summary(over), rate)
  return { text, tone, details: details.map((part) => part.replaceAll('\u00a0', ' ')) }
}

test('everything is home only when every clip is and every device has told of its own', () => {
  expect(said({})).toEqual({ text: 'All 214 clips are home', tone: 'ok', details: [] })
  expect(said({ unreportedCount: 2 })).toEqual({
    text: 'All 214 clips are home',
    tone: 'plain',
    details: ['2 devices have never reported'],
  })
})

test('what is missing is told with its size, and with a time only while something moves', () => {
  const missing = { clips: clips(200, 214), bytes: { captured: 0, acknowledged: 0, verified: 0, waiting: 6e9 } }
  expect(said(missing, 1e7)).toEqual({
    text: '14 clips of 214 not home yet',
    tone: 'plain',
    details: ['6.0 GB to go', 'about 10 min at 10.0 MB/s'],
  })
  expect(said(missing, 0).details).toEqual(['6.0 GB to go', 'nothing moves just now'])
  expect(said(missing, null).details).toEqual(['6.0 GB to go'])
  expect(said({ clips: clips(213, 214) }).details).toEqual(['all bytes have arrived, the rest is being verified'])
})

test('clips that arrived and are no longer sound are said, and never called home without it', () => {
  const one = said({ clips: { ...clips(214, 214), unsoundCount: 1 } })
  expect(one).toEqual({
    text: 'All 214 clips are home, but not all are sound',
    tone: 'plain',
    details: ['1 stored clip is not as sent, or no longer: see Needs attention'],
  })
  const moving = said({ clips: { ...clips(1, 214), unsoundCount: 2 } })
  expect(moving.details).toContain('2 stored clips are not as sent, or no longer: see Needs attention')
})

test('a clip that its device calls verified is not home once it is not sound, and is not being verified either', () => {
  const unsound = { ...clips(213, 214), unsoundCount: 1, unsoundVerifiedCount: 1 }
  expect(said({ clips: unsound })).toEqual({
    text: '1 clip of 214 not home yet',
    tone: 'plain',
    details: ['1 stored clip is not as sent, or no longer: see Needs attention'],
  })
})

test('no devices, no clips and clips left out are three different things', () => {
  expect(said({ deviceCount: 0 }).text).toBe('No devices yet')
  expect(said({ clips: clips(0, 0) }).text).toBe('No clips yet')
  expect(said({ clips: clips(3, 3, 2) }).details).toEqual(['2 clips left out on purpose'])
})

describe('what did not make it home', () => {
  const clips = (over: Partial<FleetSummary['clips']>) => ({
    clips: {
      homeCount: 1,
      totalCount: 2,
      failedCount: 0,
      heldCount: 0,
      leftOutCount: 0,
      unsoundCount: 0,
      unsoundVerifiedCount: 0,
      ...over,
    },
  })

  it('says that a clip failed, and never that it is being verified', () => {
    expect(said(clips({ failedCount: 1 })).details).toEqual(['1 clip failed'])
  })

  it('names what failed and what is held before the others that are being verified', () => {
    expect(said(clips({ totalCount: 5, failedCount: 1, heldCount: 2 })).details).toEqual([
      '1 clip failed',
      '2 clips held',
      'the others have arrived and are being verified',
    ])
  })

  it('says that all bytes have arrived only when nothing failed or is held', () => {
    expect(said(clips({})).details).toEqual(['all bytes have arrived, the rest is being verified'])
  })
})
