import { busy } from '@rushes/fleet'
import { expect, test } from 'vitest'
import { createBatch } from '../src/batch.ts'

/** Runs that the test lets go on, one by one. */
function gated<Out>(answer: (input: string, inputs: readonly string[]) => Out | typeof busy) {
  const runs: { inputs: readonly string[]; go: () => void }[] = []
  const started = { waiters: [] as (() => void)[] }
  const run = async (inputs: readonly string[]) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    runs.push({ inputs, go: resolve })
    for (const waiter of started.waiters.splice(0)) waiter()
    await promise
    return inputs.map((input) => answer(input, inputs))
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

test('an input whose row is held waits alone, those of the same row behind it, and all others go on', async () => {
  const { runs, run, untilRuns } = gated((input, inputs) => (input[0] === 'x' && inputs.length > 1 ? busy : input))
  const batch = createBatch({ run, maxInputs: 10, isCommon: never })
  const held = batch.add('x1', 'x')
  const free = batch.add('a1', 'a')
  ;(await untilRuns(1))?.go()
  expect(await free).toBe('a1')
  const alone = await untilRuns(2)
  expect(alone?.inputs).toEqual(['x1'])
  const behind = batch.add('x2', 'x')
  const passing = batch.add('a2', 'a')
  const third = await untilRuns(3)
  expect(third?.inputs).toEqual(['a2'])
  third?.go()
  expect(await passing).toBe('a2')
  alone?.go()
  expect(await held).toBe('x1')
  ;(await untilRuns(4))?.go()
  expect(await behind).toBe('x2')
  const afterwards = batch.add('x3', 'x')
  const last = batch.add('a3', 'a')
  ;(await untilRuns(5))?.go()
  ;(await untilRuns(6))?.go()
  expect(await Promise.all([afterwards, last])).toEqual(['x3', 'a3'])
  expect(runs.map(({ inputs }) => inputs).slice(3)).toEqual([['x2'], ['x3', 'a3'], ['x3']])
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
