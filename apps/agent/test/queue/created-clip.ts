import { expect } from 'vitest'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { startOfTime, type testQueue } from './test-queue.ts'

/** The next clip of the queue, with an asset and parts of 1,000 bytes; its id. */
export function created(queue: ReturnType<typeof testQueue>['queue'], parts = 3) {
  const claim = claimRegistration(queue, 64)
  if (claim === null) throw new Error('nothing to claim')
  const plan = Array.from({ length: parts }, (_, index) => ({
    number: index + 1,
    offset: index * 1_000,
    sizeBytes: 1_000,
    url: `http://127.0.0.1/${index}`,
  }))
  expect(
    recordCreated(queue, claim, { assetId: `asset-${claim.upload.seq}`, urlsIssuedAt: startOfTime, parts: plan })
      .applied.kind,
  ).toBe('moved')
  return claim.upload.id
}
