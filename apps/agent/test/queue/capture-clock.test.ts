import { offsetSeconds } from '@rushes/upload-core'
import { expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { captureAt, captureOnOneClock, noteServerTime } from '../../src/queue/capture-clock.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { addClip, startOfTime, type TestQueue, testQueue } from './test-queue.ts'

const minute = 60_000
const year = 365 * 86_400_000
const setClock = ({ clock }: TestQueue, byMs: number) => {
  clock.now += byMs
  clock.bootedAt += byMs
}
const pass = ({ clock }: TestQueue, ms: number) => {
  clock.now += ms
}
const offsetOf = (queue: Queue, id: string): number => {
  const upload = findUpload(queue, id)
  if (upload === null) throw new Error('the upload is gone')
  const { capturedAt, now } = captureOnOneClock(queue, upload)
  return offsetSeconds(capturedAt, now)
}
/** Another boot with a clock of its own, a minute after the one before. */
function reboot(tested: TestQueue, bootId: string, clockAheadMs: number): Queue {
  tested.clock.now += clockAheadMs + minute
  tested.clock.bootedAt = tested.clock.now
  return tested.reopen(bootId)
}

test.each([50 * year, -50 * year])(
  'the age of a clip is right when the clock is set by %i ms after it was captured',
  (byMs) => {
    const tested = testQueue()
    const { id } = addClip(tested.queue)
    pass(tested, minute)
    setClock(tested, byMs)
    expect(offsetOf(tested.queue, id)).toBe(60)
    expect(offsetOf(tested.reopen('boot-1'), id)).toBe(60)
  },
)

test('the age of a clip is right after a boot with another clock, where the destination was heard in both', () => {
  const tested = testQueue()
  const { id } = addClip(tested.queue)
  noteServerTime(tested.queue, startOfTime)
  const queue = reboot(tested, 'boot-2', -50 * year)
  // Not heard yet: there is nothing but the wall clock.
  expect(offsetOf(queue, id)).toBe(0)
  noteServerTime(queue, startOfTime + minute)
  pass(tested, minute)
  expect(offsetOf(queue, id)).toBe(120)
})

test('a process that stands still between a look at one clock and at the other dates nothing later than it was', () => {
  const { queue, clock } = testQueue()
  const { now } = queue
  let isToStandStill = true
  queue.now = () => {
    const shown = now()
    if (isToStandStill) clock.now += minute
    isToStandStill = false
    return shown
  }
  expect(captureAt(queue, startOfTime).inBoot).toEqual({ bootId: 'boot-1', uptimeMs: startOfTime - clock.bootedAt })
})

test('of the boots in which the destination was heard only the newest are kept', () => {
  const tested = testQueue()
  let { queue } = tested
  for (let number = 1; number <= 102; number++) {
    queue = tested.reopen(`boot-${number}`)
    noteServerTime(queue, tested.clock.now)
  }
  const kept = queue.sql('SELECT boot_id FROM boots ORDER BY seq').all()
  expect(kept).toHaveLength(100)
  expect(kept[0]).toEqual({ boot_id: 'boot-3' })
})

test('replies that tell the same time are not written again', () => {
  const tested = testQueue()
  noteServerTime(tested.queue, startOfTime)
  const before = tested.queue.sql('SELECT total_changes() AS count').get()
  pass(tested, minute)
  noteServerTime(tested.queue, startOfTime + minute + 100)
  noteServerTime(tested.queue, startOfTime + minute - 900)
  expect(tested.queue.sql('SELECT total_changes() AS count').get()).toEqual(before)
})
