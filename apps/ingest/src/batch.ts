import { busy } from '@rushes/fleet'

import type { InTurn } from './in-turn.ts'

export type Batch<In, Out> = {
  /** `turn`: names the row that the input needs; inputs that have to wait for the same one do so together. */
  add(input: In, turn: string): Promise<Out>
}

type Entry<In, Out> = PromiseWithResolvers<Out> & { input: In; turn: string; busyCount: number }

/** So often an input is left for the next batch before its row is waited for: most are held for milliseconds. */
const maxBusyCount = 2

/**
 * Does the work of many callers at once: what is asked for while it runs is done together next. A single caller waits for
 * nobody; the more there are, the less each one costs. Nothing is kept waiting but callers, so their number bounds it.
 *
 * No batch waits for a row. Inputs that stay `busy` leave the batches and wait for their row, with those that come for the same
 * one meanwhile behind them. After a failure nobody fails with somebody else's input: each is tried alone, unless `isCommon`
 * says that the failure has nothing to do with any one of them.
 */
export function createBatch<In, Out>(given: {
  /** Without `wait`, what needs a row that somebody else holds is answered `busy`; with it, all inputs have the same turn. */
  run: (inputs: readonly In[], options: { wait: boolean }) => Promise<readonly (Out | typeof busy)[]>
  maxInputs: number
  isCommon: (error: unknown) => boolean
  /** For batches that need rows which those of another verb need too: side by side, each would find them held. */
  inTurn?: InTurn
}): Batch<In, Out> {
  const waiting: Entry<In, Out>[] = []
  /** Who has lined up behind those that wait for a row, by turn. */
  const behind = new Map<string, Entry<In, Out>[]>()
  let isRunning = false
  const inTurn: InTurn = given.inTurn ?? ((work) => work())

  /** Hands out outcomes; returns those who have none. */
  async function attempt(entries: readonly Entry<In, Out>[], wait: boolean) {
    const left = { busy: [] as Entry<In, Out>[], failed: [] as readonly Entry<In, Out>[] }
    try {
      const outcomes = await given.run(
        entries.map(({ input }) => input),
        { wait },
      )
      for (const [index, entry] of entries.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) entry.reject(new Error('a verb gave fewer outcomes than it had inputs'))
        else if (outcome === busy) left.busy.push(entry)
        else entry.resolve(outcome)
      }
    } catch (error) {
      if (entries.length > 1 && !given.isCommon(error)) left.failed = entries
      else for (const entry of entries) entry.reject(error)
    }
    return left
  }

  async function waitForRow(turn: string, entries: readonly Entry<In, Out>[]): Promise<void> {
    behind.set(turn, [])
    const left = await attempt(entries, true)
    for (const entry of [...left.busy, ...left.failed]) {
      const { busy } = await attempt([entry], true)
      if (busy.length > 0) entry.reject(new Error('a verb gave no outcome for its only input'))
    }
    const next = behind.get(turn) ?? []
    behind.delete(turn)
    for (const entry of next) enqueue(entry)
  }

  async function runWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const left = await inTurn(() => attempt(waiting.splice(0, given.maxInputs), false))
      const stuck = [...left.failed]
      for (const entry of left.busy) {
        entry.busyCount += 1
        if (entry.busyCount < maxBusyCount) enqueue(entry)
        else stuck.push(entry)
      }
      for (const [turn, entries] of Map.groupBy(stuck, ({ turn }) => turn)) {
        const lane = behind.get(turn)
        if (lane === undefined) void waitForRow(turn, entries)
        else lane.push(...entries)
      }
    }
    isRunning = false
  }

  function enqueue(entry: Entry<In, Out>): void {
    const lane = behind.get(entry.turn)
    if (lane !== undefined) {
      lane.push(entry)
      return
    }
    waiting.push(entry)
    if (isRunning) return
    isRunning = true
    setImmediate(() => void runWaiting()) // whatever else has just been read joins
  }

  return {
    add(input, turn) {
      const entry = { ...Promise.withResolvers<Out>(), input, turn, busyCount: 0 }
      enqueue(entry)
      return entry.promise
    },
  }
}
