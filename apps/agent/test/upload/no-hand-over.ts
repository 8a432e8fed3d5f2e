import type { HandOver } from '../../src/upload/hand-over.ts'

/** No sender waits. */
export const noHandOver: HandOver = {
  isWanted: () => false,
  give: () => undefined,
  take: () => null,
  drop: () => [],
}
