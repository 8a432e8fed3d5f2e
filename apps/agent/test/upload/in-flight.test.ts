import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { createInFlight } from '../../src/upload/in-flight.ts'

const inFlight = () =>
  createInFlight(
    () => 0,
    () => undefined,
  )

test('a part that ends twice leaves the next one of its clip within reach', () => {
  const parts = inFlight()
  const stop = new AbortController()
  const first = parts.begin('clip', stop.signal)
  first.end()
  const second = parts.begin('clip', stop.signal)
  first.end()
  expect([parts.count(), parts.totals().ended]).toEqual([1, 1])
  parts.abort('clip')
  expect(second.signal.aborted).toBe(true)
})

test('a part stops with the agent, also one that begins when that has stopped already', () => {
  const parts = inFlight()
  const stop = new AbortController()
  const [before, ended] = [parts.begin('clip', stop.signal), parts.begin('other', stop.signal)]
  ended.end()
  stop.abort()
  expect([before.signal.aborted, ended.signal.aborted]).toEqual([true, false])
  expect(parts.begin('clip', stop.signal).signal.aborted).toBe(true)
})

test('parts that go with one signal have one listener at it, and with another one of their own', () => {
  const parts = inFlight()
  const [stop, other] = [new AbortController(), new AbortController()]
  const begun = Array.from({ length: 20 }, (_, index) => parts.begin(`clip ${index}`, stop.signal))
  const apart = parts.begin('clip', other.signal)
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
  stop.abort()
  expect(begun.every(({ signal }) => signal.aborted)).toBe(true)
  expect(apart.signal.aborted).toBe(false)
  other.abort()
  expect(apart.signal.aborted).toBe(true)
})
