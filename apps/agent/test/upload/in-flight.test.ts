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
