import { expect, test } from 'vitest'
import { fakeClock } from '../src/index.ts'

test('time stands still until it is advanced', () => {
  const clock = fakeClock('2026-01-01T00:00:00Z')
  expect(clock.now()).toBe(Date.UTC(2026, 0, 1))
  expect(clock.date().toISOString()).toBe('2026-01-01T00:00:00.000Z')
})

test('what falls due fires in order of its instant, each seeing its own time', async () => {
  const clock = fakeClock(0)
  const fired: [string, number][] = []
  const note = (name: string) => () => fired.push([name, clock.now()])
  clock.schedule(note('late'), 300)
  clock.schedule(note('early'), 100)
  clock.schedule(note('same instant, later'), 300)
  await clock.advance(299)
  expect(fired).toEqual([['early', 100]])
  await clock.advance(1)
  expect(fired).toEqual([
    ['early', 100],
    ['late', 300],
    ['same instant, later', 300],
  ])
})

test('a loop of sleeps is carried through by one advance', async () => {
  const clock = fakeClock(0)
  const woken: number[] = []
  const loop = (async () => {
    for (let round = 0; round < 3; round += 1) {
      await clock.sleep(100)
      woken.push(clock.now())
    }
  })()
  await clock.advance(1_000)
  await loop
  expect(woken).toEqual([100, 200, 300])
  expect(clock.now()).toBe(1_000)
})

test('an aborted sleep rejects with the reason and leaves nothing pending', async () => {
  const clock = fakeClock(0)
  const abort = new AbortController()
  const sleeping = clock.sleep(100, { signal: abort.signal })
  expect(clock.pendingCount).toBe(1)
  abort.abort(new Error('shutting down'))
  await expect(sleeping).rejects.toThrow('shutting down')
  expect(clock.pendingCount).toBe(0)
  await expect(clock.sleep(1, { signal: abort.signal })).rejects.toThrow('shutting down')
})

test('a cancelled callback does not fire', async () => {
  const clock = fakeClock(0)
  let fired = false
  const cancel = clock.schedule(() => {
    fired = true
  }, 10)
  cancel()
  expect(await clock.advanceToNext()).toBe(false)
  await clock.advance(100)
  expect(fired).toBe(false)
})

test('untilPending waits for the code under test to come to its wait', async () => {
  const clock = fakeClock(0)
  const reached = clock.untilPending(2)
  clock.schedule(() => undefined, 5)
  clock.schedule(() => undefined, 7)
  await reached
  expect(await clock.advanceToNext()).toBe(true)
  expect(clock.now()).toBe(5)
  expect(clock.pendingCount).toBe(1)
})
