import { busy } from '@rushes/fleet'
import { expect, test } from 'vitest'
import { createBatch } from '../src/batch.ts'
import { createInTurn } from '../src/in-turn.ts'

/** Runs that the test lets go on, one by one. */
function gated<Out>(answer: (input: string, wait: boolean) => Out | typeof busy) {
  const runs: { inputs: readonly string[]; wait: boolean; go: () => void }[] = []
  const started = { waiters: [] as (() => void)[] }
  const run = async (inputs: readonly string[], { wait }: { wait: boolean }) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    runs.push({ inputs, wait, go: resolve })
    for (const waiter of started.waiters.splice(0)) waiter()
    await promise
    return inputs.map((input) => answer(input, wait))
  }
  const untilRuns = async (count: number) => {
    while (runs.length < count) await new Promise<void>((resolve) => started.waiters.push(resolve))
    return runs[count - 1]
  }
  return { runs, run, untilRuns }
}
const never = () => false

test('what is asked for while a batch runs is done together in the next one, at most so many at once', async () => {
  const { runs, run, untilRuns } = gated((input) => input.toUpperCase())
  const batch = createBatch({ run, maxInputs: 3, isCommon: never })
  const first = batch.add('a', 'a')
  const one = await untilRuns(1)
  const others = ['b', 'c', 'd', 'e'].map((input) => batch.add(input, input))
  one?.go()
  expect(await first).toBe('A')
  ;(await untilRuns(2))?.go()
  ;(await untilRuns(3))?.go()
  expect(await Promise.all(others)).toEqual(['B', 'C', 'D', 'E'])
  expect(runs.map(({ inputs }) => inputs)).toEqual([['a'], ['b', 'c', 'd'], ['e']])
})

test('an input whose row is held for long leaves the batches, those of the same row wait behind it, and all others go on', async () => {
  const { runs, run, untilRuns } = gated((input, wait) => (input[0] === 'x' && !wait ? busy : input))
  const batch = createBatch({ run, maxInputs: 10, isCommon: never })
  const held = batch.add('x1', 'x')
  const free = batch.add('a1', 'a')
  ;(await untilRuns(1))?.go()
  expect(await free).toBe('a1')
  ;(await untilRuns(2))?.go() // the row is still held
  const waits = await untilRuns(3)
  expect(waits).toMatchObject({ inputs: ['x1'], wait: true })
  const behind = [batch.add('x2', 'x'), batch.add('x3', 'x')]
  const passing = batch.add('a2', 'a')
  const fourth = await untilRuns(4)
  expect(fourth).toMatchObject({ inputs: ['a2'], wait: false })
  fourth?.go()
  expect(await passing).toBe('a2')
  waits?.go()
  expect(await held).toBe('x1')
  for (const nth of [5, 6, 7]) (await untilRuns(nth))?.go()
  expect(await Promise.all(behind)).toEqual(['x2', 'x3'])
  expect(runs.slice(4).map(({ inputs, wait }) => ({ inputs, wait }))).toEqual([
    { inputs: ['x2', 'x3'], wait: false },
    { inputs: ['x2', 'x3'], wait: false },
    { inputs: ['x2', 'x3'], wait: true },
  ])
})

test('an input whose row is free again at the next batch never waits for it', async () => {
  let held = true
  const { runs, run, untilRuns } = gated((input) => (held ? busy : input))
  const batch = createBatch({ run, maxInputs: 10, isCommon: never })
  const first = batch.add('x1', 'x')
  ;(await untilRuns(1))?.go()
  const second = await untilRuns(2)
  held = false
  second?.go()
  expect(await first).toBe('x1')
  expect(runs.map(({ wait }) => wait)).toEqual([false, false])
})

test('of several that wait for one row, one that is left over is tried again alone', async () => {
  const tried: [readonly string[], boolean][] = []
  const run = async (inputs: readonly string[], { wait }: { wait: boolean }) => {
    tried.push([inputs, wait])
    return inputs.map((input, nth) => (wait && nth === 0 ? input : busy))
  }
  const batch = createBatch({ run, maxInputs: 10, isCommon: never })
  expect(await Promise.all([batch.add('x1', 'x'), batch.add('x2', 'x')])).toEqual(['x1', 'x2'])
  expect(tried).toEqual([
    [['x1', 'x2'], false],
    [['x1', 'x2'], false],
    [['x1', 'x2'], true],
    [['x2'], true],
  ])
})

test('an input that makes its batch fail fails alone', async () => {
  const tried: string[][] = []
  const run = async (inputs: readonly string[]) => {
    tried.push([...inputs])
    if (inputs.includes('bad')) throw new Error('cannot be stored')
    return inputs
  }
  const batch = createBatch({ run, maxInputs: 10, isCommon: never })
  const [good, bad] = await Promise.allSettled([batch.add('good', 'g'), batch.add('bad', 'b')])
  expect(good).toEqual({ status: 'fulfilled', value: 'good' })
  expect(bad).toMatchObject({ status: 'rejected', reason: new Error('cannot be stored') })
  expect(tried).toEqual([['good', 'bad'], ['good'], ['bad']])
})

test('a failure that all have in common is told to all, and nothing is tried one by one', async () => {
  let runs = 0
  const run = async (): Promise<string[]> => {
    runs += 1
    throw new Error('away')
  }
  const batch = createBatch({ run, maxInputs: 10, isCommon: () => true })
  const both = await Promise.allSettled([batch.add('a', 'a'), batch.add('b', 'b')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(runs).toBe(1)
})

test('batches that take turns never run side by side, the later one takes along what came meanwhile, and a failure ends only its own', async () => {
  const inTurn = createInTurn()
  const creates = gated((input) => input)
  const completes = gated((input): string => {
    throw new Error(`${input} cannot be completed`)
  })
  const create = createBatch({ run: creates.run, maxInputs: 10, isCommon: never, inTurn })
  const complete = createBatch({ run: completes.run, maxInputs: 10, isCommon: never, inTurn })
  const first = create.add('a', 'a')
  const under = await creates.untilRuns(1)
  const completed = complete.add('b', 'b')
  await new Promise((resolve) => setImmediate(resolve)) // by now it would have begun
  expect(completes.runs).toEqual([])
  under?.go()
  expect(await first).toBe('a')
  const failing = await completes.untilRuns(1)
  const later = ['c', 'd'].map((input) => create.add(input, input))
  await new Promise((resolve) => setImmediate(resolve))
  expect(creates.runs).toHaveLength(1)
  failing?.go()
  await expect(completed).rejects.toThrow('b cannot be completed')
  ;(await creates.untilRuns(2))?.go()
  expect(await Promise.all(later)).toEqual(['c', 'd'])
})

test('those who wait for their row do so out of turn', async () => {
  const inTurn = createInTurn()
  const held = gated((input, wait) => (wait ? input : busy))
  const waiting = createBatch({ run: held.run, maxInputs: 10, isCommon: never, inTurn })
  const other = createBatch({ run: async (inputs) => inputs, maxInputs: 10, isCommon: never, inTurn })
  const x = waiting.add('x', 'x')
  for (const nth of [1, 2]) (await held.untilRuns(nth))?.go()
  const third = await held.untilRuns(3)
  expect(third).toMatchObject({ wait: true })
  expect(await other.add('a', 'a')).toBe('a')
  third?.go()
  expect(await x).toBe('x')
})
