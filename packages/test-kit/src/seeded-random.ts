/** Random values that come again with the same seed. */
export type SeededRandom = {
  /** Print it when a test fails. */
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** A whole number, both ends included. */
  integer(min: number, max: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<T>(choices: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
  bytes(length: number): Uint8Array<ArrayBuffer>
  /** In the form of a version 4 UUID. */
  uuid(): string
  /** An independent stream, so that one part drawing more does not change what another draws. */
  fork(): SeededRandom
}

/** A seed to start from when none is given. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000)
}

/** sfc32 (Chris Doty-Humphrey's PractRand): 128 bits of state, passes the usual statistical batteries. */
export function seededRandom(seed: number): SeededRandom {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed >>> 0
  let counter = 1
  const nextUint32 = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 15; round += 1) nextUint32()

  const next = () => nextUint32() / 0x1_0000_0000
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  const bytes = (length: number) => {
    const filled = new Uint8Array(length)
    const view = new DataView(filled.buffer)
    let at = 0
    for (; at + 4 <= length; at += 4) view.setUint32(at, nextUint32())
    for (; at < length; at += 1) filled[at] = nextUint32()
    return filled
  }
  return {
    seed,
    next,
    integer,
    bytes,
    chance: (probability) => next() < probability,
    pick: (choices) => {
      const chosen = choices[integer(0, choices.length - 1)]
      if (chosen === undefined) throw new RangeError('nothing to pick from')
      return chosen
    },
    shuffle: (items) => {
      const left = [...items]
      return items.flatMap(() => left.splice(integer(0, left.length - 1), 1))
    },
    uuid: () => {
      const hex = Buffer.from(bytes(16)).toString('hex')
      const variant = (8 + integer(0, 3)).toString(16)
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
    },
    fork: () => seededRandom(nextUint32()),
  }
}
