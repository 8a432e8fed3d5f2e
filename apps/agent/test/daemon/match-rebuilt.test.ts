import { expect, test } from 'vitest'
import { findMatch, settleMatched } from '../../src/daemon/match-rebuilt.ts'
import type { OwnAsset } from '../../src/destination/port.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { addClip, startOfTime, testQueue } from '../queue/test-queue.ts'

const held = { entry: { kind: 'held', reason: 'queueRebuilt' } } as const

function clipAndAsset() {
  const { queue } = testQueue()
  const upload = addClip(queue, 3_000, held)
  const asset: OwnAsset = {
    ...{ id: 'asset-1', name: upload.name, sizeBytes: 3_000, projectId: 'project-a', status: 'available' },
    ...{ verified: 'verified', capturedAt: startOfTime + 1_000, relativePath: upload.name, volumeId: 'volume-1' },
  }
  return { queue, upload, asset }
}

test.for([
  ['another size', { sizeBytes: 3_001 }],
  ['another name', { name: 'B.mov' }],
  ['another folder of the card', { relativePath: 'B/A.mov' }],
  ['another card', { volumeId: 'volume-2' }],
  ['another project', { projectId: 'project-b' }],
  ['another time of capture', { capturedAt: startOfTime + 180_000 }],
  ['bytes that differ', { verified: 'mismatch' }],
  ['parts missing', { status: 'created' }],
] as const)('a clip of the destination with %s is not taken for the file', ([, change]) => {
  const { upload, asset } = clipAndAsset()
  expect(findMatch(upload, [{ ...asset, ...change }])).toBeNull()
})

test('two clips that could both be the file are left to a person', () => {
  const { queue, upload, asset } = clipAndAsset()
  expect(settleMatched(queue, [asset, { ...asset, id: 'asset-2' }])).toBe(0)
  expect(findUpload(queue, upload.id)?.state).toMatchObject({ kind: 'held', reason: 'queueRebuilt' })
})

test.for([
  ['verified', 'verified'],
  ['sizeChecked', 'uploaded'],
] as const)(
  'a clip that the destination calls %s is %s, and what is held for another reason is left alone',
  ([verified, state]) => {
    const { queue, upload, asset } = clipAndAsset()
    const other = addClip(queue, 3_000, { entry: { kind: 'held', reason: 'manualFolder' } })
    expect(
      settleMatched(queue, [
        { ...asset, verified },
        { ...asset, name: other.name, relativePath: other.name },
      ]),
    ).toBe(1)
    expect(findUpload(queue, upload.id)).toMatchObject({
      state: { kind: state, asset: { assetId: 'asset-1' } },
      bytesAcknowledged: 3_000,
    })
    expect(findUpload(queue, other.id)?.state.kind).toBe('held')
  },
)
