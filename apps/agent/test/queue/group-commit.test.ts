import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createGroupCommit } from '../../src/queue/group-commit.ts'
import { acknowledgePart, claimPart, type PartClaim } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { addClip, testQueue } from './test-queue.ts'

const partCount = 8

/** A clip of a few parts of which the first ones are on their way, and another process's view of the queue. */
function sending(workerCount: number) {
  const { queue, stateDir, clock } = testQueue()
  addClip(queue, partCount)
  const registration = claimRegistration(queue, 1)
  if (registration === null) throw new Error('there is one to register')
  const parts = Array.from({ length: partCount }, (_, index) => {
    return { number: index + 1, offset: index, sizeBytes: 1, url: 'http://x/' }
  })
  recordCreated(queue, registration, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const claims = Array.from({ length: workerCount }, () => claimPart(queue)).filter((claim) => claim !== null)
  const elsewhere = new DatabaseSync(join(stateDir, 'queue.db'), { readOnly: true })
  onTestFinished(() => elsewhere.close())
  const durable = () =>
    elsewhere
      .prepare("SELECT number FROM parts WHERE state = 'acknowledged' ORDER BY number")
      .all()
      .map(({ number }) => number)
  const exec = vi.spyOn(queue.db, 'exec')
  const commits = () => exec.mock.calls.filter(([statement]) => statement === 'COMMIT').length
  const acknowledge = (claim: PartClaim) => () => acknowledgePart(queue, claim, '0123456789abcdef', true)
  return { queue, claims, durable, commits, acknowledge }
}

/** Stored by its statement, and refused by the commit: its upload does not exist. */
const breakTheCommit = (queue: ReturnType<typeof sending>['queue']) => () => {
  queue.db.exec('PRAGMA defer_foreign_keys = ON')
  queue.db
    .prepare(
      "INSERT INTO parts (upload_id, number, offset, size_bytes, url, state) VALUES ('none', 1, 0, 1, '', 'pending')",
    )
    .run()
}

test('what several workers store in one turn is one commit, and each has its next part and is told when all of it is durable', async () => {
  const { queue, claims, durable, commits, acknowledge } = sending(4)
  const commit = createGroupCommit(queue, () => true)
  const nexts = await Promise.all(
    claims.map(async (claim) => {
      const { kind, next } = await commit(acknowledge(claim))
      expect(durable()).toEqual([1, 2, 3, 4])
      expect(kind).toBe('acknowledged')
      return next?.number
    }),
  )
  expect(nexts).toEqual([5, 6, 7, 8])
  expect(commits()).toBe(1)
})

test('nobody is told of what a commit refused: it is stored for each alone, and only who caused it fails', async () => {
  const { queue, claims, durable, acknowledge } = sending(2)
  const commit = createGroupCommit(queue, () => true)
  const [first, second] = claims.map(acknowledge)
  if (first === undefined || second === undefined) throw new Error('two parts are on their way')
  const told: unknown[] = []
  const outcomes = await Promise.allSettled([
    commit(first).then(({ kind }) => told.push([kind, durable().includes(1)])),
    commit(breakTheCommit(queue)),
    commit(second).then(({ kind }) => told.push([kind, durable().includes(2)])),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { message: expect.stringContaining('FOREIGN KEY') } })
  expect(told).toEqual([
    ['acknowledged', true],
    ['acknowledged', true],
  ])
  expect(queue.sql('SELECT parts_done AS done FROM uploads').get()?.done).toBe(2)
})

test('a worker whose own statement fails takes nothing of the others with it, whichever of them comes first', async () => {
  const { queue, claims, durable, acknowledge } = sending(2)
  const commit = createGroupCommit(queue, () => true)
  const [first, second] = claims.map(acknowledge)
  if (first === undefined || second === undefined) throw new Error('two parts are on their way')
  const failing = () => {
    second()
    throw new Error('after half of it')
  }
  const outcomes = await Promise.allSettled([commit(failing), commit(first)])
  expect(outcomes).toMatchObject([{ reason: { message: 'after half of it' } }, { value: { kind: 'acknowledged' } }])
  expect(durable()).toEqual([1])
})

test('a worker that is alone waits for nobody', async () => {
  const { queue, claims, durable, acknowledge } = sending(1)
  const [claim] = claims
  if (claim === undefined) throw new Error('a part is on its way')
  const stored = createGroupCommit(queue, () => false)(acknowledge(claim))
  expect(durable()).toEqual([1])
  expect(await stored).toMatchObject({ kind: 'acknowledged', next: { number: 2 } })
})

test('the last one under way joins those that wait already', async () => {
  const { queue, claims, commits, acknowledge } = sending(3)
  let underWay = claims.length
  const commit = createGroupCommit(queue, () => underWay > 0)
  await Promise.all(
    claims.map((claim) => {
      underWay--
      return commit(acknowledge(claim))
    }),
  )
  expect(commits()).toBe(1)
})

test('what comes shortly after a flush that was shared waits for others, so that many small parts are few flushes', async () => {
  const { queue, claims, commits, acknowledge } = sending(partCount)
  // However long a flush takes here, the time to gather ends when this test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const commit = createGroupCommit(queue, () => true)
  const [first, ...later] = claims.map(acknowledge)
  if (first === undefined) throw new Error('parts are on their way')
  await commit(first)
  const stored: Promise<{ kind: string }>[] = []
  // Each in a turn of its own, as answers come.
  for (const one of later) {
    await new Promise((resolve) => setImmediate(resolve))
    stored.push(commit(one))
  }
  expect(commits()).toBe(1)
  vi.advanceTimersByTime(10)
  expect((await Promise.all(stored)).map(({ kind }) => kind)).toEqual(later.map(() => 'acknowledged'))
  expect(commits()).toBe(2)
})

test('when many wait nobody waits any longer', async () => {
  const { queue, commits } = sending(0)
  const commit = createGroupCommit(queue, () => true)
  await commit(() => undefined)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) // the time to gather never ends
  onTestFinished(() => void vi.useRealTimers())
  await Promise.all(Array.from({ length: 48 }, (_, nth) => commit(() => nth)))
  expect(commits()).toBe(2)
})
