import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { claimPart, countSending } from '../../src/queue/part-claims.ts'
import { adaptConcurrency, boundsOfFiles, maxSending } from '../../src/upload/adapt-concurrency.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { createInFlight } from '../../src/upload/in-flight.ts'
import { created } from '../queue/created-clip.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

/** What finds how many parts go at once, with nothing on its way yet. */
function adapting() {
  const { queue } = testQueue()
  const stop = new AbortController()
  const [partBell, senderBell, bell] = [createDoorbell(), createDoorbell(), createDoorbell()]
  const inFlight = createInFlight(
    () => performance.now(),
    () => undefined,
  )
  const { loops } = adaptConcurrency({
    queue,
    inFlight,
    partBell,
    senderBell,
    bell,
    startAt: 4,
    signal: stop.signal,
  })
  const running = Promise.all(loops.map((loop) => loop()))
  onTestFinished(async () => {
    stop.abort()
    bell.ring()
    await running
  })
  return { queue, partBell, senderBell, bell, inFlight, signal: stop.signal }
}

test('who finds how many parts go at once takes no ring that is meant for a sender', () => {
  const { partBell, bell } = adapting()
  expect(bell.waiting).toBeGreaterThan(0)
  expect(partBell.waiting).toBe(0)
})

test('where hundreds of small files are done a second, and more of them the more go at once, it soon lets as many go as may', async () => {
  const { queue, senderBell, bell, inFlight, signal } = adapting()
  for (let clip = 0; clip < maxSending.small; clip++) addClip(queue, 1_000)
  for (let clip = 0; clip < maxSending.small; clip++) created(queue, 1)
  const fill = () => {
    while (claimPart(queue) !== null);
    return countSending(queue).small
  }
  inFlight.begin('under way', signal)
  bell.ring()
  const done = setInterval(() => {
    for (let file = 0; file < 4 * fill(); file++) inFlight.begin(`file-${file}`, signal).end()
  }, 5)
  onTestFinished(() => clearInterval(done))
  await expect.poll(() => queue.partLimits.small, { timeout: 20_000 }).toBe(maxSending.small)
  // From 4 on: for 8, 16 and 32.
  expect(senderBell.rings).toBeGreaterThanOrEqual(3)
})

test('a measurement that begins while nothing moves tells nothing, however much comes in it', async () => {
  const { queue, bell, inFlight, signal } = adapting()
  for (let clip = 0; clip < 8; clip++) addClip(queue, 1_000)
  for (let clip = 0; clip < 8; clip++) created(queue, 1)
  while (claimPart(queue) !== null);
  const done = setInterval(() => {
    for (let file = 0; file < 50; file++) inFlight.begin(`file-${file}`, signal).end()
    bell.ring()
  }, 5)
  onTestFinished(() => clearInterval(done))
  await setTimeout(2_500)
  expect(queue.partLimits.small).toBe(4)
})

test('of files that come and go quickly twice as many are tried although their rate swings, of those on a slow line only for a gain', () => {
  expect(boundsOfFiles(8, 800).gains.doubling).toBeLessThan(0.8)
  expect(boundsOfFiles(4, 20).gains.doubling).toBeGreaterThan(1)
  expect(boundsOfFiles(4, 0).gains.doubling).toBeGreaterThan(1)
})
