import { expect, test } from 'vitest'
import type { PartClaim } from '../../src/queue/part-claims.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { createHandOver } from '../../src/upload/hand-over.ts'

const claimed = (number: number) => ({ number }) as PartClaim

test('parts are wanted for as many senders as wait, and those that were given come out in their order', async () => {
  const bell = createDoorbell()
  let isOpen = true
  const handOver = createHandOver(bell, () => isOpen)
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
