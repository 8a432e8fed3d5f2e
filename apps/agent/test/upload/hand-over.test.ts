import { expect, onTestFinished, test, vi } from 'vitest'
import type { PartClaim } from '../../src/queue/part-claims.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { createHandOver } from '../../src/upload/hand-over.ts'

const claimed = (number: number) => ({ number, upload: { id: `upload-${number}` } }) as PartClaim
const alive = () => true

test('parts are wanted for as many senders as wait, and those that were given come out in their order', async () => {
  const bell = createDoorbell()
  let isOpen = true
  const handOver = createHandOver(bell, () => isOpen, alive)
  expect(handOver.isWanted()).toBe(false)

  const { signal } = new AbortController()
  const woken = [bell.wait(bell.rings, 60_000, signal), bell.wait(bell.rings, 60_000, signal)]
  expect(handOver.isWanted()).toBe(true)
  isOpen = false
  expect(handOver.isWanted()).toBe(false)
  isOpen = true

  handOver.give(claimed(1))
  await woken[0]
  expect(handOver.isWanted()).toBe(false) // the other one waits, for the one that lies there
  handOver.give(claimed(2))
  await woken[1]
  expect([handOver.take()?.number, handOver.take()?.number, handOver.take()]).toEqual([1, 2, null])
})

test('what was not taken yet is dropped with its upload, or altogether', () => {
  const handOver = createHandOver(createDoorbell(), () => true, alive)
  for (const number of [1, 2, 3]) handOver.give(claimed(number))
  expect(handOver.drop('upload-2').map(({ number }) => number)).toEqual([2])
  expect(handOver.take()?.number).toBe(1)
  expect(handOver.drop(null).map(({ number }) => number)).toEqual([3])
  expect(handOver.take()).toBeNull()
})

test('what lay there for long is taken only where it is still the claim of its part', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const handOver = createHandOver(
    createDoorbell(),
    () => true,
    ({ number }) => number !== 1,
  )
  handOver.give(claimed(1))
  handOver.give(claimed(2))
  vi.advanceTimersByTime(60_000)
  handOver.give(claimed(3))
  expect([handOver.take()?.number, handOver.take()?.number, handOver.take()]).toEqual([2, 3, null])
})
