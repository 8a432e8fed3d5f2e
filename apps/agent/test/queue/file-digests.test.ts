import { expect, test } from 'vitest'
import { claimUndigested, giveUpDigest, giveUpUnknown, postponeDigest } from '../../src/queue/file-digests.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { undigested } from '../../src/queue/schema-undigested.ts'
import { addClip, overheard, startOfTime, testQueue } from './test-queue.ts'

/** A queue whose clips have arrived in two parts each, in no order. */
function arrived(clipCount: number) {
  const tested = testQueue()
  const { queue } = tested
  const ids = Array.from({ length: clipCount }, () => {
    const { id } = addClip(queue, 2)
    const registration = claimRegistration(queue, 64)
    if (registration === null) throw new Error('there is one to register')
    const parts = [1, 2].map((number) => ({ number, offset: number - 1, sizeBytes: 1, url: 'http://x/' }))
    recordCreated(queue, registration, { assetId: id, urlsIssuedAt: startOfTime, parts })
    for (let claim = claimPart(queue); claim !== null; claim = claimPart(queue))
      acknowledgePart(queue, claim, '0123456789abcdef', false)
    return id
  })
  const attempts = () =>
    queue.db
      .prepare('SELECT digest_attempts AS attempts FROM uploads ORDER BY seq')
      .all()
      .map((row) => row.attempts)
  return { ...tested, ids, attempts, next: () => claimUndigested(queue)?.id ?? null }
}

test('those that wait for another try come after those that had none, and those that were given up never', () => {
  const { queue, clock, ids, next } = arrived(3)
  const [first = '', second = '', third = ''] = ids
  giveUpDigest(queue, second)
  expect(next()).toBe(first)
  postponeDigest(queue, first, clock.now + 1_000)
  expect(next()).toBe(third)
  postponeDigest(queue, third, clock.now + 500)
  expect(next()).toBeNull()
  clock.now += 1_000
  expect(next()).toBe(third)
})

test('the next clip to digest is found in an index that has none of those given up, and nothing is sorted', () => {
  const { queue, clock } = arrived(1)
  const { listening, said } = overheard(queue)
  claimUndigested(listening)
  giveUpUnknown(listening)
  const looking = said.filter((statement) => statement.includes('ORDER BY'))
  expect(looking).toHaveLength(2)
  for (const statement of looking) {
    const plan = queue.db.prepare(`EXPLAIN QUERY PLAN ${statement}`).all(clock.now)
    const details = plan.map(({ detail }) => String(detail)).join('\n')
    expect(details).toContain('USING INDEX uploads_undigested (<expr><?)')
    expect(details).not.toMatch(/TEMP B-TREE|SCAN/)
  }
  const index = queue.db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'uploads_undigested'").get()
  expect(index?.sql).toMatch(/WHERE .*digest_attempts < 5/)
})

test('a queue with the index of an earlier version gets the new one and keeps what was counted', () => {
  const { queue, ids, next, attempts } = arrived(2)
  const [first = '', second = ''] = ids
  queue.db.exec(`DROP INDEX uploads_undigested;
    CREATE INDEX uploads_undigested ON uploads (seq) WHERE file_xxh64 IS NULL AND state IN ('uploaded', 'verified')`)
  giveUpDigest(queue, first)
  queue.db.exec(undigested)
  expect(next()).toBe(second)
  expect(attempts()).toEqual([6, 1])
})

test('clips of whose parts nothing is known are given up together, those that were sent are not', () => {
  const { queue, ids, attempts, next } = arrived(4)
  const [first = '', , third = ''] = ids
  queue.db.prepare('DELETE FROM parts WHERE upload_id NOT IN (?, ?)').run(first, third)
  giveUpUnknown(queue)
  expect(attempts()).toEqual([0, 6, 0, 6])
  expect(next()).toBe(first)
})
