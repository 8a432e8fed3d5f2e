import { busy } from '@rushes/fleet'
import { createTakeTurns } from './http/take-turns.ts'

export type Batch<In, Out> = {
  /** `turn`: names the row that the input needs; inputs that have to wait for the same one do so one after the other. */
  add(input: In, turn: string): Promise<Out>
}

type Entry<In, Out> = PromiseWithResolvers<Out> & { input: In; turn: string }

/**
 * Does the work of many callers at once: what is asked for while it runs waits and is done together next. A single caller waits
 * for nobody; the more there are, the less each one costs. Nothing is kept waiting but callers, so their number bounds it.
 *
 * An input that the work leaves out as `busy` is done alone, and so are all of a batch that failed, unless `isCommon` says
 * that the failure has nothing to do with any one of them: nobody waits for, or fails with, somebody else's input.
 */
export function createBatch<In, Out>(given: {
  run: (inputs: readonly In[]) => Promise<readonly (Out | typeof busy)[]>
  maxInputs: number
  isCommon: (error: unknown) => boolean
}): Batch<In, Out> {
  const waiting: Entry<In, Out>[] = []
  const takeTurns = createTakeTurns()
  /** How many are done alone, by turn; while there are any, those of the same turn line up behind them. */
  const alone = new Map<string, number>()
  let isRunning = false

  async function runAlone({ input, turn, resolve, reject }: Entry<In, Out>): Promise<void> {
    alone.set(turn, (alone.get(turn) ?? 0) + 1)
    try {
      const [outcome] = await takeTurns(turn, () => given.run([input]))
      if (outcome === undefined || outcome === busy) throw new Error('a verb gave no outcome for its only input')
      resolve(outcome)
    } catch (error) {
      reject(error)
    } finally {
      const left = (alone.get(turn) ?? 0) - 1
      if (left > 0) alone.set(turn, left)
      else alone.delete(turn)
    }
  }

  async function runTogether(entries: readonly Entry<In, Out>[]): Promise<void> {
    try {
      const outcomes = await given.run(entries.map(({ input }) => input))
      for (const [index, entry] of entries.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) entry.reject(new Error('a verb gave fewer outcomes than it had inputs'))
        else if (outcome === busy) void runAlone(entry)
        else entry.resolve(outcome)
      }
    } catch (error) {
      const isHopeless = entries.length === 1 || given.isCommon(error)
      for (const entry of entries) {
        if (isHopeless) entry.reject(error)
        else void runAlone(entry)
      }
    }
  }

  async function runWaiting(): Promise<void> {
    while (waiting.length > 0) await runTogether(waiting.splice(0, given.maxInputs))
    isRunning = false
  }

  return {
    add(input, turn) {
      const entry = { ...Promise.withResolvers<Out>(), input, turn }
      if (alone.has(turn)) {
        void runAlone(entry)
        return entry.promise
      }
      waiting.push(entry)
      if (!isRunning) {
        isRunning = true
        setImmediate(() => void runWaiting()) // whatever else has just been read joins
      }
      return entry.promise
    },
  }
}
