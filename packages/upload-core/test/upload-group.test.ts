import { uploadStates } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import { standingOf } from '../src/device-standing.ts'
import { groupOf, groupOfState, homeOf } from '../src/upload-group.ts'

const ours = { destinationIsOurs: true, unsoundCount: 0 }

describe('how much is home', () => {
  test('at our own ingest is what was verified; elsewhere what was uploaded as well', () => {
    const counts = { verified: 3, uploaded: 2, failed: 1, cleared: 9 }
    expect(homeOf(counts, ours)).toEqual({ homeCount: 3, totalCount: 6 })
    expect(homeOf(counts, { ...ours, destinationIsOurs: false })).toEqual({ homeCount: 5, totalCount: 6 })
  })

  test('leaves out what was found not to be sound, and is never less than nothing', () => {
    expect(homeOf({ verified: 3 }, { ...ours, unsoundCount: 1 })).toEqual({ homeCount: 2, totalCount: 3 })
    expect(homeOf({ verified: 1 }, { ...ours, unsoundCount: 2 })).toEqual({ homeCount: 0, totalCount: 1 })
  })
})

test('unsound bytes take an upload out of what is home, and change the group of no other', () => {
  for (const state of uploadStates) {
    expect(groupOf(state, false)).toBe(groupOfState[state])
    expect(groupOf(state, true)).toBe(groupOfState[state] === 'home' ? 'failed' : groupOfState[state])
  }
})

test('a device of which a stored clip is not sound needs attention, whatever it reports itself, unless it has no pairing', () => {
  const facts = {
    presence: { state: 'online' },
    fence: { state: 'awaitingDevice' },
    report: null,
    unsound: { clipCount: 1, reportedVerifiedCount: 0 },
  } as const
  expect(standingOf(facts)).toBe('needsAttention')
  expect(standingOf({ ...facts, presence: { state: 'noControlLink' } })).toBe('needsAttention')
  expect(standingOf({ ...facts, presence: { state: 'revoked' } })).toBe('revoked')
})
