import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDestination } from '../../src/destination/create-destination.ts'
import { createDispatcher } from '../../src/destination/create-dispatcher.ts'
import type { Destination } from '../../src/destination/port.ts'
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
  const { loops, watch } = adaptConcurrency({
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
  return { queue, partBell, senderBell, bell, inFlight, watch, signal: stop.signal }
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

test.for([
  [503, 2],
  [500, 4],
] as const)(
  'a part that is answered %i leaves %i of 4 parts at once, however many are answered so at once',
  async ([status, atOnce]) => {
    const { queue, watch, signal } = adapting()
    const settings = {
      dispatcher: createDispatcher({ maxPartsInFlight: 1 }),
      clientVersion: '1.0.0',
      allowInsecure: true,
    }
    const reply = { kind: 'reply', status, contentType: '', body: '', retryAfterMs: null, rateLimit: null } as const
    const destination: Destination = {
      ...createDestination(settings, { baseUrl: 'http://127.0.0.1:1', isOurs: false }),
      putPart: async () => ({ kind: 'failed', failure: reply }),
    }
    const file = { path: '', offsetBytes: 0, sizeBytes: 1, expected: null }
    const part = { url: '', file, contentType: '', signal, onBytes: () => undefined, stallMs: 1 }
    const { putPart } = watch(destination)
    await Promise.all([putPart(part), putPart(part), putPart(part)])
    expect(queue.partLimits).toMatchObject({ small: atOnce, large: atOnce })
  },
)

test('half as many parts go at once when the memory of the machine becomes scarce', async () => {
  const memory = vi.spyOn(process, 'availableMemory').mockReturnValue(63 * 1_048_576)
  onTestFinished(() => memory.mockRestore())
  const { queue, bell, inFlight, signal } = adapting()
  expect(queue.partLimits).toMatchObject({ small: 4, large: 4 })
  inFlight.begin('under way', signal)
  bell.ring()
  await expect.poll(() => queue.partLimits, { timeout: 5_000 }).toMatchObject({ small: 2, large: 2 })
})

test('of files that come and go quickly twice as many are tried although their rate swings, of those on a slow line only for a gain', () => {
  expect(boundsOfFiles(8, 800).gains.doubling).toBeLessThan(0.8)
  expect(boundsOfFiles(4, 20).gains.doubling).toBeGreaterThan(1)
  expect(boundsOfFiles(4, 0).gains.doubling).toBeGreaterThan(1)
})
