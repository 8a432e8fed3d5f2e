import type { CommandBody } from '@rushes/protocol'
import { expect, test } from 'vitest'
import { isEpochReached, isOvertakenBy } from '../src/index.ts'

const assign = (projectEpoch: number): CommandBody => ({
  kind: 'assignProject',
  projectId: null,
  projectName: null,
  projectEpoch,
})

test.each<[boolean, CommandBody]>([
  [true, { kind: 'clearQueue' }],
  [true, { kind: 'retryUploads', uploadIds: null }],
  [true, { kind: 'retryUploads', uploadIds: ['a'] }],
  [true, { kind: 'releaseUploads', uploadIds: ['a'] }],
  [true, { kind: 'unblockUpload', uploadId: 'a', reason: 'because' }],
  [false, { kind: 'releaseUploads', uploadIds: null }],
  [false, { kind: 'holdUploads' }],
  [true, assign(4)],
  [false, assign(5)],
  [false, assign(6)],
])('an assignment of epoch 5 overtakes (%s) %o', (expected, body) => {
  expect(isOvertakenBy(body, { projectEpoch: 5 })).toBe(expected)
})

test('an assignment is history from the moment the device stands at its epoch', () => {
  expect(isEpochReached({ projectEpoch: 4 }, { projectEpoch: 5 })).toBe(false)
  expect(isEpochReached({ projectEpoch: 5 }, { projectEpoch: 5 })).toBe(true)
  expect(isEpochReached({ projectEpoch: 6 }, { projectEpoch: 5 })).toBe(true)
})
