import { retryLimits } from '@rushes/upload-core'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createGate, type GateReason } from '../../src/upload/gate.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function startGate(isHealthy: () => boolean = () => true, onOpen: () => void = () => undefined) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  let probes = 0
  const gate = createGate({
    async probe() {
      probes++
      return isHealthy()
    },
    now: () => 0,
    random: () => 1,
    limits: retryLimits,
    signal: stop.signal,
    onOpen,
    onChange: () => undefined,
  })
  return { gate, probes: () => probes }
}

test.for<GateReason>(['clockSkewed', 'forbidden', 'quotaExceeded', 'rateLimited', 'offline', 'destinationDown'])(
  'a gate that is closed for %s opens at once when a person wants to go on and the destination answers',
  async (reason) => {
    const { gate } = startGate()
    gate.close(reason, 'because')
    gate.hurry()
    await vi.advanceTimersByTimeAsync(0)
    expect(gate.isOpen()).toBe(true)
  },
)

test('a gate that nobody hurries stays closed for half of its time at least', async () => {
  const { gate } = startGate()
  gate.close('clockSkewed', 'because')
  await vi.advanceTimersByTimeAsync(14_999)
  expect(gate.isOpen()).toBe(false)
  await vi.advanceTimersByTimeAsync(15_001)
  expect(gate.isOpen()).toBe(true)
})

test('the time that the destination asked for is kept, whoever is in a hurry', async () => {
  const { gate } = startGate()
  gate.close('rateLimited', 'because', 5_000)
  gate.hurry()
  await vi.advanceTimersByTimeAsync(4_999)
  expect(gate.isOpen()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(gate.isOpen()).toBe(true)
})

test('hurry asks a destination that is away once, and it stays closed while there is no answer', async () => {
  let healthy = false
  const { gate, probes } = startGate(() => healthy)
  gate.close('offline', 'because')
  gate.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect([gate.isOpen(), probes()]).toEqual([false, 1])
  healthy = true
  gate.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect([gate.isOpen(), probes()]).toEqual([true, 2])
})

test('a hurry from before it was closed opens nothing', async () => {
  const { gate } = startGate()
  gate.hurry()
  gate.close('offline', 'because')
  await vi.advanceTimersByTimeAsync(0)
  expect(gate.isOpen()).toBe(false)
})

test('a gate that cannot tell that it opens, since the disk is full, stays closed and opens at a later try', async () => {
  let isDiskFull = true
  const { gate } = startGate(undefined, () => {
    if (isDiskFull) throw new Error('database or disk is full')
  })
  gate.close('offline', 'because')
  const passed = gate.whenOpen(new AbortController().signal)
  gate.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect([gate.isOpen(), gate.condition().lastError]).toEqual([false, 'database or disk is full'])
  isDiskFull = false
  gate.hurry()
  await vi.advanceTimersByTimeAsync(0)
  expect(gate.isOpen()).toBe(true)
  await passed
})
