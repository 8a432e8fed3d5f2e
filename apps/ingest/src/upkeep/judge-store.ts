import type { ConditionCode } from '@rushes/fleet'

export type StoreFacts = {
  /** Whether it can be used at all. */
  isUsable: boolean
  /** What more it may take in; null where there is no end to it. */
  roomBytes: number | null
  quotaBytes: number | null
  lowBytes: number
}

export type FoundCondition = { code: ConditionCode; detail: string }

/** What an operator should know of a store. `wasLow`: it was told of before; then it is over only with a tenth to spare. */
export function judgeStore(facts: StoreFacts, wasLow: boolean): FoundCondition[] {
  if (!facts.isUsable)
    return [
      {
        code: 'storeUnusable',
        detail: 'The place where clips are stored cannot be used: it is not mounted, not writable or does not answer',
      },
    ]
  const { roomBytes } = facts
  if (roomBytes === null) return []
  const limit = facts.quotaBytes === null ? '' : `, of a quota of ${inWords(facts.quotaBytes)}`
  if (roomBytes === 0)
    return [
      {
        code: 'storeFull',
        detail: `No room is left where clips are stored${limit}; clips are refused and wait on their devices`,
      },
    ]
  if (roomBytes >= facts.lowBytes * (wasLow ? 1.1 : 1)) return []
  return [{ code: 'storeLow', detail: `Room for ${inWords(roomBytes)} is left where clips are stored${limit}` }]
}

function inWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000
  return `${value.toFixed(unit > 2 ? 1 : 0)} ${units[unit]}`
}
