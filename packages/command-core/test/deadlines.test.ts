import { expect, test } from 'vitest'
import { answerDeadlines, dueEvent, type Reach } from '../src/index.ts'
import { executionIn, phases } from './execution-fixtures.ts'

const offline: Reach = { kind: 'offline' }
const connected = (epoch: number, sinceMs = 0): Reach => ({ kind: 'connected', epoch, sinceMs })
const due = (kind: keyof typeof phases, reach: Reach, nowMs: number) =>
  dueEvent(executionIn(phases[kind]), reach, { nowMs })?.kind ?? null

test('what was never handed over expires at its time, whether the device is there or not', () => {
  expect(due('queued', offline, 4_999)).toBeNull()
  expect(due('queued', offline, 5_000)).toBe('expiryPassed')
  expect(due('queued', connected(7), 5_000)).toBe('expiryPassed')
})

test('what was handed over expires only while no answer can come', () => {
  expect(due('delivered', offline, 5_000)).toBe('expiryPassed')
  expect(due('delivered', connected(7), 5_000)).toBeNull()
  expect(due('delivered', connected(8), 5_000)).toBeNull()
})

test('silence of a connected device ends at a bound, in each state that waits for it', () => {
  const past = (ms: number) => 1_000 + ms
  expect(due('delivered', connected(7), past(answerDeadlines.acknowledgeWithinMs))).toBe('answerOverdue')
  expect(due('acknowledged', connected(7), past(answerDeadlines.beginWithinMs) - 1)).toBeNull()
  expect(due('acknowledged', connected(7), past(answerDeadlines.beginWithinMs))).toBe('answerOverdue')
  expect(due('running', connected(7), past(answerDeadlines.progressWithinMs))).toBe('answerOverdue')
})

test('a device that was away is not blamed for the time in which it could not speak', () => {
  const month = 30 * 86_400_000
  expect(due('running', offline, month)).toBeNull()
  expect(due('running', connected(9, month - 1_000), month)).toBeNull()
  expect(due('acknowledged', connected(9, month - 1_000), month)).toBeNull()
})

test.each(['succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded'] as const)(
  'time makes nothing of what has ended: %s',
  (kind) => {
    for (const reach of [offline, connected(7)]) expect(due(kind, reach, 1e12)).toBeNull()
  },
)
