import { retryLimits } from '@rushes/upload-core'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { CreateOutcome, Destination, RateLimit } from '../../src/destination/port.ts'
import { createApiGate } from '../../src/upload/api-gate.ts'
import { createPace } from '../../src/upload/create-pace.ts'
import { createGate } from '../../src/upload/gate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Creates that are begun as fast as the pace lets them; replies say what the test says. */
function creating() {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const pace = createPace()
  let limit: RateLimit | null = null
  const created = async (): Promise<CreateOutcome> => ({
    ...{ kind: 'created', assetId: 'a', name: 'n', uploadUrls: [], rateLimit: limit },
  })
  // Of the destination only what is called here is there.
  const destination = pace.watch({ createAsset: created } as unknown as Destination)
  const create = () => destination.createAsset({} as never, stop.signal)
  let madeCount = 0
  const run = async () => {
    for (;;) {
      await pace.next(stop.signal)
      if (stop.signal.aborted) return
      madeCount++
      await create()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const say = (next: RateLimit) => {
    limit = next
  }
  return { pace, run, create, say, made: () => madeCount, signal: stop.signal }
}

test('creates are not held up where the destination says nothing of a limit', async () => {
  const { run, made } = creating()
  void run()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(made()).toBeGreaterThanOrEqual(99)
})

test('creates keep to the limit that the destination tells, however many want to be made', async () => {
  const { run, made, say } = creating()
  say({ limit: 5, remaining: 0, windowMs: 1_000 })
  for (let worker = 0; worker < 8; worker++) void run()
  await vi.advanceTimersByTimeAsync(100)
  const before = made()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(made() - before).toBeGreaterThanOrEqual(48)
  expect(made() - before).toBeLessThanOrEqual(51)
})

test('creates go on at once when there is room again', async () => {
  const { run, made, say } = creating()
  say({ limit: 1, remaining: 0, windowMs: 60_000 })
  void run()
  await vi.advanceTimersByTimeAsync(60_100)
  expect(made()).toBe(2)
  say({ limit: 1, remaining: 1, windowMs: 60_000 })
  await vi.advanceTimersByTimeAsync(60_000)
  const before = made()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(made() - before).toBeGreaterThanOrEqual(99)
})

test('a create that was not made after all takes none of the room', async () => {
  const { pace, create, say, signal } = creating()
  say({ limit: 1, remaining: 1, windowMs: 60_000 })
  await create()
  await pace.next(signal)
  pace.giveBack()
  let isFree = false
  void pace.next(signal).then(() => {
    isFree = true
  })
  await vi.advanceTimersByTimeAsync(0)
  expect(isFree).toBe(true)
})

test('a destination that names an absurd time is asked once a minute all the same', async () => {
  const { run, made, say } = creating()
  say({ limit: 0, remaining: 0, windowMs: 1e15 })
  void run()
  await vi.advanceTimersByTimeAsync(180_100)
  expect(made()).toBe(4)
})

test('a limit of its calls closes the destination for calls, and its absence for everybody', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const idle = () => undefined
  const gateOf = () =>
    createGate({
      ...{ probe: async () => true, now: () => 0, random: () => 1, limits: retryLimits, signal: stop.signal },
      ...{ onOpen: idle, onChange: idle },
    })
  const gate = gateOf()
  const api = createApiGate(gate, gateOf())
  api.close('rateLimited', 'too many', 5_000)
  expect([gate.isOpen(), api.isOpen()]).toEqual([true, false])
  let opened = false
  void api.whenOpen(stop.signal).then(() => {
    opened = true
  })
  await vi.advanceTimersByTimeAsync(4_999)
  expect(opened).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(opened).toBe(true)
  api.close('offline', 'gone')
  expect([gate.isOpen(), api.isOpen()]).toEqual([false, false])
  api.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect(api.isOpen()).toBe(true)
})

test('another one may be made at once only while the destination allows it, and what was given back may be taken again', async () => {
  const { pace, create, say } = creating()
  expect(pace.takeOne()).toBe(true)
  say({ limit: 5, remaining: 1, windowMs: 1_000 })
  await create()
  expect([pace.takeOne(), pace.takeOne()]).toEqual([true, false])
  pace.giveBack()
  expect([pace.takeOne(), pace.takeOne()]).toEqual([true, false])
})
