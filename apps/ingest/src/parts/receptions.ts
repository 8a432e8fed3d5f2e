import { whichHaveEnded } from '@rushes/fleet'
import type { DatabaseCall } from '../database-call.ts'

/** Parts that are coming in at this moment. */
export type Receptions = {
  /** Notes that a part of this upload comes in; `ended` resolves when the upload is no longer wanted. Call `done` in any case. */
  begin(assetId: string): { ended: Promise<{ kind: 'noSuchUpload' }>; done(): void }
  /** Asks which of the uploads have failed or were closed, and ends what comes in for them. */
  endUnwanted(): Promise<void>
}

const maxAsked = 1_000

/**
 * Ends the parts of a device that was forgotten or moved while they are on their way: their clip is closed in the rows, perhaps
 * by another program, and a part may take hours to find that out by itself.
 */
export function createReceptions(given: { call: DatabaseCall }): Receptions {
  const running = new Map<string, Set<() => void>>()
  return {
    begin(assetId) {
      const { promise: ended, resolve } = Promise.withResolvers<{ kind: 'noSuchUpload' }>()
      const end = () => resolve({ kind: 'noSuchUpload' })
      const ofAsset = running.get(assetId) ?? new Set()
      running.set(assetId, ofAsset.add(end))
      return {
        ended,
        done() {
          ofAsset.delete(end)
          if (ofAsset.size === 0 && running.get(assetId) === ofAsset) running.delete(assetId)
        },
      }
    },
    async endUnwanted() {
      const all = [...running.keys()]
      for (let at = 0; at < all.length; at += maxAsked) {
        const assetIds = all.slice(at, at + maxAsked)
        const unwanted = await given.call((clocked) => whichHaveEnded(clocked, { assetIds }))
        for (const assetId of unwanted) for (const end of running.get(assetId) ?? []) end()
      }
    },
  }
}
