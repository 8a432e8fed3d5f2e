/** The right to write one part at its place; whoever holds it is alone. */
export type Claim = {
  /** Aborted when these bytes are not wanted any more. */
  readonly displaced: AbortSignal
  /** Give it back only when nothing is being written any more. Safe to call twice. */
  release(): void
}

export type PartClaims = {
  /** The claim, if nobody has it. */
  tryTake(assetId: string, number: number): Claim | null
  /** Tells whoever writes this part at its place to stop. */
  displace(assetId: string, number: number): void
  /** The same for all parts of an upload; resolves when nobody writes any more. */
  endAll(assetId: string): Promise<void>
}

type Holder = { displace: AbortController; released: Promise<void> }

/**
 * Keeps two uploads of one part from mixing their bytes. The first writes at the part's place; one that comes meanwhile
 * writes apart, and once it is whole the first, which may be a connection that died unnoticed, is told to stop. Claims live in
 * this process: no other one writes parts at their places, see `Keeper`.
 */
export function createPartClaims(): PartClaims {
  const uploads = new Map<string, Map<number, Holder>>()
  return {
    tryTake(assetId, number) {
      const holders = uploads.get(assetId) ?? new Map<number, Holder>()
      if (holders.has(number)) return null
      const displace = new AbortController()
      const { promise: released, resolve } = Promise.withResolvers<void>()
      const holder = { displace, released }
      holders.set(number, holder)
      uploads.set(assetId, holders)
      return {
        displaced: displace.signal,
        release() {
          if (holders.get(number) !== holder) return
          holders.delete(number)
          if (holders.size === 0) uploads.delete(assetId)
          resolve()
        },
      }
    },
    displace: (assetId, number) => uploads.get(assetId)?.get(number)?.displace.abort(),
    async endAll(assetId) {
      const holders = [...(uploads.get(assetId)?.values() ?? [])]
      for (const holder of holders) holder.displace.abort()
      await Promise.all(holders.map((holder) => holder.released))
    },
  }
}
