import type { ClipRow } from '@rushes/fleet'
import { expect, test } from 'vitest'
import { clipActionOf, describeAction } from '../../src/uploads/clip-action.ts'
import { planFor } from '../../src/uploads/send-to-clips.ts'

const clip = (over: Partial<ClipRow>): ClipRow => ({
  deviceId: 'device-a',
  deviceName: 'A-Cam',
  uploadId: 'u1',
  assetId: null,
  name: 'A001.mov',
  path: '/card/A001.mov',
  sizeBytes: 1_000,
  capturedAt: null,
  project: null,
  state: 'failed',
  reason: 'readError',
  error: null,
  attempts: 3,
  partsDone: 0,
  partsTotal: 2,
  bytesAcknowledged: 400,
  bytesLost: 0,
  nextAttemptAt: null,
  custody: null,
  availableAt: null,
  hasPoster: false,
  durationSeconds: null,
  receivedAt: '2026-11-22T08:00:00.000Z',
  vanishedAt: null,
  isDestinationOurs: true,
  ...over,
})

test('a clip offers the command that resolves its reason, and none where no command does', () => {
  expect(clipActionOf(clip({}))).toBe('retryUploads')
  expect(clipActionOf(clip({ state: 'waiting', reason: 'awaitingRestart' }))).toBe('retryUploads')
  expect(clipActionOf(clip({ state: 'held', reason: 'capturedBeforePairing' }))).toBe('releaseUploads')
  // Sharing has to be resumed first: releasing the clip would not move it.
  expect(clipActionOf(clip({ state: 'held', reason: 'sharingPausedNow' }))).toBeNull()
  expect(clipActionOf(clip({ state: 'blocked', reason: 'capturedInPause' }))).toBe('unblockUpload')
  expect(clipActionOf(clip({ state: 'waiting', reason: 'offline' }))).toBeNull()
})

test('what its device no longer lists, or never reported, cannot be acted upon', () => {
  expect(clipActionOf(clip({ vanishedAt: '2026-11-22T08:00:00.000Z' }))).toBeNull()
  expect(clipActionOf(clip({ uploadId: null, assetId: 'asset' }))).toBeNull()
})

test('each device is told of its own clips alone, at most 500 in one command, and the rest of a choice is counted', () => {
  const many = Array.from({ length: 1_001 }, (_, n) => clip({ uploadId: `u${n}` }))
  const other = clip({ deviceId: 'device-b', deviceName: 'B-Cam', uploadId: 'b1' })
  const plan = planFor('retryUploads', [...many, other, clip({ uploadId: 'home', state: 'verified', reason: null })])
  expect(plan.orders.map((order) => [order.deviceId, order.uploadIds.length])).toEqual([
    ['device-a', 500],
    ['device-a', 500],
    ['device-a', 1],
    ['device-b', 1],
  ])
  expect(new Set(plan.orders.map((order) => order.commandId)).size).toBe(4)
  expect(plan.orders.flatMap((order) => order.uploadIds)).toEqual([...many.map((row) => row.uploadId), 'b1'])
  expect(plan).toMatchObject({ clipCount: 1_002, byteCount: 1_002 * 600, leftOutCount: 1 })
})

test('a clip that is blocked is part of no retry and no release of many', () => {
  const rows = [clip({}), clip({ uploadId: 'held', state: 'held', reason: 'manualFolder' })]
  const blocked = clip({ uploadId: 'blocked', state: 'blocked', reason: 'capturedInPause' })
  for (const action of ['retryUploads', 'releaseUploads'] as const)
    expect(planFor(action, [...rows, blocked]).orders.flatMap((order) => order.uploadIds)).not.toContain('blocked')
})

test('what is pressed names how many clips it is about, and the one that is offered again', () => {
  expect(describeAction('retryUploads', 1)).toBe('Retry 1 clip')
  expect(describeAction('releaseUploads', 3)).toBe('Release 3 clips')
  expect(describeAction('unblockUpload', 1)).toBe('Offer the clip again')
})
