import { leaseRules } from '@rushes/upload-core'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { keepClaim } from '../../src/upload/keep-claim.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

afterEach(() => void vi.useRealTimers())

test('a lease that cannot be renewed on a full disk ends nothing, and is renewed when there is room again', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const { queue, clock } = testQueue()
  addClip(queue)
  const registration = claimRegistration(queue, 1)
  if (registration === null) throw new Error('there is one to register')
  const parts = [{ number: 1, offset: 0, sizeBytes: 3_000, url: 'http://x/' }]
  recordCreated(queue, registration, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const claim = claimPart(queue)
  if (claim === null) throw new Error('there is a part to send')
  const until = () => Number(queue.db.prepare('SELECT lease_until AS until FROM parts').get()?.until)
  const begun = until()

  // Whatever a statement fails with.
  queue.db.exec("CREATE TRIGGER full BEFORE UPDATE ON parts BEGIN SELECT raise(abort, 'disk full'); END")
  const stop = keepClaim(queue, claim, pino({ level: 'silent' }))
  vi.advanceTimersByTime(leaseRules.renewEveryMs)
  expect(until()).toBe(begun)
  queue.db.exec('DROP TRIGGER full')
  vi.advanceTimersByTime(leaseRules.renewEveryMs)
  expect(until()).toBeGreaterThanOrEqual(begun + 2 * leaseRules.renewEveryMs - 1_000)
  stop()
  const kept = until()
  vi.advanceTimersByTime(10 * leaseRules.renewEveryMs)
  expect(until()).toBe(kept)
})
