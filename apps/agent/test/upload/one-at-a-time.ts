import type { HandOver } from '../../src/upload/hand-over.ts'

/** No sender waits. */
export const noHandOver: HandOver = {
  isWanted: () => false,
  give: () => undefined,
  take: () => null,
  drop: () => [],
}

/** Whoever has made an asset makes no other one at once. */
export const oneFile = {
  pace: { takeOne: () => false, giveBack: () => undefined },
  draining: new AbortController().signal,
}
