import { closeCauseCodes, endCauses, failCauseCodes } from '@rushes/protocol'
import { expect, test } from 'vitest'
import { whyOf } from '../../src/uploads/why.ts'
import { wordsForClip } from '../../src/uploads/words-for-clip.ts'

const told = { state: 'failed', reason: null, custody: null, error: null, vanishedAt: null } as const

test.each([...failCauseCodes, ...closeCauseCodes])('a clip that ended as %s says why and what to do', (code) => {
  expect(whyOf({ ...told, error: { code, message: 'in the words of the server' } })).toBe(endCauses[code])
})

test('an error that only its device knows is told in the device’s words', () => {
  expect(whyOf({ ...told, error: { code: 'EIO', message: 'read error at 1.2 GB' } })?.title).toBe(
    'read error at 1.2 GB',
  )
})

test('what arrived and is not sound is never called verified, and says what happened to it', () => {
  const verified = { ...told, state: 'verified', custody: 'mismatch' } as const
  expect(wordsForClip(verified).label).toBe('Bytes differ')
  expect(wordsForClip({ ...verified, mismatchBecause: 'gone' }).label).toBe('File gone')
  expect(whyOf(verified)?.title).toBe('the stored bytes are not what was sent')
  expect(wordsForClip({ ...verified, custody: 'verified' }).label).toBe('Verified')
})
