import { expect, test } from 'vitest'
import type { ListedUpload } from '../../src/local-api/operations.ts'
import { describeUploads } from './describe-uploads.ts'

const upload = (name: string, change: Partial<ListedUpload>): ListedUpload => ({
  ...{
    id: name,
    path: `/card/${name}`,
    sizeBytes: 300,
    capturedAt: '2026-03-01T12:00:00.000Z',
    projectId: 'project-1',
  },
  ...{ state: 'verified', reason: null, partsDone: 1, partsTotal: 1, bytesAcknowledged: 300, attempts: 1, error: null },
  ...{ assetId: 'asset-1', nextAttemptAt: null, updatedAt: '2026-03-01T12:00:01.000Z', seq: 1, pinned: false },
  ...{ xxh64: null, unblocked: null },
  ...change,
})

test('a queue in a few lines begins with what is not home, and of many only the first', () => {
  const queue = [
    ...Array.from({ length: 11 }, (_, index) =>
      upload(`A${index}.mov`, { state: 'cleared', reason: 'projectChanged' }),
    ),
    upload('B001.mov', { state: 'held', reason: 'capturedBeforePairing', attempts: 0, partsDone: 0 }),
  ]
  expect(describeUploads(queue)).toBe(
    'B001.mov held (capturedBeforePairing), 300 bytes, 0 of 1 parts, 0 attempts, captured 2026-03-01T12:00:00.000Z, since 2026-03-01T12:00:01.000Z, project-1\n11 cleared',
  )
  const many = Array.from({ length: 100 }, (_, index) => upload(`A${index}.mov`, { state: 'queued' }))
  expect(describeUploads(many).split('\n').at(-1)).toBe('and 88 more that are not home')
  expect(describeUploads([])).toBe('the queue is empty')
})
