import type { UploadState } from '@rushes/upload-core'
import { expect, test } from 'vitest'
import { createTexts, stateAssignments } from '../../src/queue/assignments.ts'

const registration = { attempts: 0, uncertain: false, recreations: 2, deprioritised: true, expired: null }
const asset = {
  ...{ assetId: 'asset-1', urlsIssuedAt: 7, partsTotal: 1, partsDone: 0, recreations: 2, deprioritised: true },
}
const lease = { token: 3, until: 9 }
const queued: UploadState = { kind: 'queued', registration }
const registering: UploadState = {
  ...{ kind: 'registering', registration: { ...registration, attempts: 1, uncertain: true }, lease },
}
const uploading: UploadState = { kind: 'uploading', asset }

test.for<[UploadState, UploadState, Record<string, unknown>]>([
  [queued, registering, { state: 'registering', attempts: 1, uncertain: 1, lease_token: 3, lease_until: 9 }],
  [
    registering,
    uploading,
    {
      ...{ state: 'uploading', step: 'parts', uncertain: 0, lease_token: null, lease_until: null },
      ...{ asset_id: 'asset-1', urls_issued_at: 7, parts_total: 1 },
    },
  ],
  [
    uploading,
    { kind: 'uploaded', asset: { ...asset, partsDone: 1 }, custody: 'none' },
    { state: 'uploaded', parts_done: 1 },
  ],
])('a step on the way home writes what it changes and nothing else', ([before, after, expected]) => {
  expect(Object.fromEntries(stateAssignments(before, after))).toEqual(expected)
})

test('any other change writes every column that its state has a say in, whatever the row held', () => {
  const written = stateAssignments({ kind: 'verified', asset }, queued)
  expect(written).toHaveLength(17)
  expect(Object.fromEntries(written)).toMatchObject({ state: 'queued', custody: 'none', asset_id: null, parts_done: 0 })
  const withoutAttempts = stateAssignments(registering, { kind: 'blocked', reason: 'capturedInPause' })
  expect(withoutAttempts.map(([column]) => column)).not.toContain('attempts')
})

test('the text for columns is composed once, and names them in the order of their values', () => {
  const composed: string[] = []
  const textOf = createTexts((setting) => {
    composed.push(setting)
    return `SET ${setting}`
  })
  const queued = [
    ['state', 'queued'],
    ['step', 'register'],
  ] as const
  expect(textOf(queued)).toBe('SET state = ?, step = ?')
  expect(
    textOf([
      ['state', 'held'],
      ['step', null],
    ]),
  ).toBe('SET state = ?, step = ?')
  expect(textOf(queued.toReversed())).toBe('SET step = ?, state = ?')
  expect(textOf([['state', 'held']])).toBe('SET state = ?')
  expect(composed).toEqual(['state = ?, step = ?', 'step = ?, state = ?', 'state = ?'])
})
