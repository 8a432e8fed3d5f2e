/** The right to change one part; whoever holds it is alone. */
export type Claim = {
  /** Aborted when a later upload of the same part has all its bytes and takes over. */
  readonly displaced: AbortSignal
  /** Give it back only when nothing is being written any more. */
  release(): void
}

export type PartClaims = {
  /** The claim, if nobody has it. */
  tryTake(part: string): Claim | null
  /** Makes whoever has it stop, waits until they have, and takes it. */
  takeOver(part: string): Promise<Claim>
}

/**
 * Keeps two uploads of one part from mixing their bytes. The first writes at the part's place; one that comes meanwhile
 * writes apart, and once it is whole the first, which may be a connection that died unnoticed, has to yield.
 */
export function createPartClaims(): PartClaims {
  const holders = new Map<string, { displace: AbortController; released: Promise<void> }>()
  const take = (part: string): Claim => {
    const displace = new AbortController()
    const { promise: released, resolve } = Promise.withResolvers<void>()
    holders.set(part, { displace, released })
    return {
      displaced: displace.signal,
      release: () => {
        holders.delete(part)
        resolve()
      },
    }
  }
  return {
    tryTake: (part) => (holders.has(part) ? null : take(part)),
    async takeOver(part) {
      for (;;) {
        const holder = holders.get(part)
        if (holder === undefined) return take(part)
        holder.displace.abort()
        await holder.released
      }
    },
  }
}
