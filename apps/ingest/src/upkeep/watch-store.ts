import { reportConditions } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../database-call.ts'
import { type FoundCondition, judgeStore } from './judge-store.ts'
import type { Room } from './room.ts'

export type StoreWatch = {
  /** What was wrong with the store at the last look. */
  conditions(): readonly FoundCondition[]
  /** Looks, and tells operators what is wrong and what is over: by the log once per change, in the database at each look. */
  look(): Promise<void>
}

/** Keeps an eye on the store for those who run it. Nothing here stops anything: a store that is low is told of, no crash. */
export function createStoreWatch(given: {
  /** Rejects when the store cannot be used. */
  check: () => Promise<void>
  room: Room
  quotaBytes: number | null
  lowBytes: number
  call: DatabaseCall
  log: Logger
  /** Names this program to operators. */
  reporter: string
  onLook: (facts: { roomBytes: number | null; conditions: readonly FoundCondition[] }) => void
}): StoreWatch {
  const { room, log, quotaBytes } = given
  const lowBytes = quotaBytes === null ? given.lowBytes : Math.min(given.lowBytes, quotaBytes / 10)
  let found: readonly FoundCondition[] = []

  const judge = async () => {
    try {
      await given.check()
    } catch (error) {
      log.debug({ err: error }, 'the store cannot be used')
      return {
        roomBytes: null,
        conditions: judgeStore({ isUsable: false, roomBytes: null, quotaBytes, lowBytes }, false),
      }
    }
    const roomBytes = await room.bytes()
    const wasLow = found.some(({ code }) => code === 'storeLow' || code === 'storeFull')
    return { roomBytes, conditions: judgeStore({ isUsable: true, roomBytes, quotaBytes, lowBytes }, wasLow) }
  }
  return {
    conditions: () => found,
    async look() {
      const facts = await judge()
      for (const { code, detail } of facts.conditions)
        if (!found.some((before) => before.code === code)) log.warn({ condition: code, detail }, 'condition begins')
      for (const { code } of found)
        if (!facts.conditions.some((now) => now.code === code)) log.info({ condition: code }, 'condition is over')
      found = facts.conditions
      given.onLook(facts)
      await given.call((clocked) => reportConditions(clocked, { reporter: given.reporter, found }))
    },
  }
}
