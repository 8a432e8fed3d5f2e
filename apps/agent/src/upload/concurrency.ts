/**
 * How many transfers go on at once, found by measuring what arrives. Pure. It begins by doubling for as long as that pays, then tries a few
 * more and a few fewer in turn and keeps what is better (fewer, where it makes no difference), and goes down by a quarter when what it
 * measured before is not reached any more: additive increase, multiplicative decrease.
 */
export type Concurrency = {
  limit: number
  phase: 'doubling' | 'steady' | 'more' | 'fewer'
  /** What the limit before a change brought, in units per second; null before the first measurement. */
  reference: number | null
  /** The limit before a trial. */
  before: number
  /** The measurement after a change says little: new connections are only beginning. */
  isFresh: boolean
  /** Measurements in a row that fell far short of the reference. */
  shortfalls: number
  /** Measurements since the last trial. */
  steadyFor: number
  nextTrial: 'more' | 'fewer'
}

export type ConcurrencyBounds = { min: number; max: number }
/** `saturated`: all places were taken and more waited; otherwise the rate says nothing about the limit. */
export type Measurement = { unitsPerSecond: number; saturated: boolean }

export const startConcurrency = (limit: number, bounds: ConcurrencyBounds): Concurrency => ({
  limit: clamp(limit, bounds),
  phase: 'doubling',
  reference: null,
  before: clamp(limit, bounds),
  isFresh: true,
  shortfalls: 0,
  steadyFor: 0,
  nextTrial: 'more',
})

/** Worth keeping twice as many; noise brings less. */
const doublingGain = 1.25
/** Worth keeping a few more. */
const moreGain = 1.02
/** As good with a few fewer. */
const fewerLoss = 0.99
const shortfallRatio = 0.7
const shortfallsToDecrease = 2
const steadyBeforeTrial = 6

export function measured(now: Concurrency, measurement: Measurement, bounds: ConcurrencyBounds): Concurrency {
  const { unitsPerSecond, saturated } = measurement
  if (!saturated || unitsPerSecond <= 0) return now
  if (now.isFresh) return { ...now, isFresh: false }
  const { reference } = now
  if (reference === null) return change({ ...now, reference: unitsPerSecond }, now.limit * 2, 'doubling', bounds)
  switch (now.phase) {
    case 'doubling':
      return unitsPerSecond >= reference * doublingGain
        ? change({ ...now, reference: unitsPerSecond }, now.limit * 2, 'doubling', bounds)
        : change(now, now.before, 'steady', bounds)
    case 'more':
      return unitsPerSecond >= reference * moreGain
        ? change({ ...now, reference: unitsPerSecond }, now.limit + step(now.limit), 'more', bounds)
        : change(now, now.before, 'steady', bounds)
    case 'fewer':
      return unitsPerSecond >= reference * fewerLoss
        ? change(now, now.limit - step(now.limit), 'fewer', bounds)
        : change(now, now.before, 'steady', bounds)
    case 'steady':
      return whileSteady(now, reference, unitsPerSecond, bounds)
  }
}

/** The destination asked for less (503), or memory runs short. */
export const overloaded = (now: Concurrency, bounds: ConcurrencyBounds): Concurrency => ({
  ...change(now, Math.floor(now.limit / 2), 'steady', bounds),
  // What was reached before may be too much: to be measured anew, and not by doubling.
  reference: now.reference === null ? null : now.reference / 2,
})

function whileSteady(now: Concurrency, reference: number, rate: number, bounds: ConcurrencyBounds): Concurrency {
  if (rate < reference * shortfallRatio) {
    const shortfalls = now.shortfalls + 1
    if (shortfalls < shortfallsToDecrease) return { ...now, shortfalls }
    return change({ ...now, reference: rate }, Math.floor(now.limit * 0.75), 'steady', bounds)
  }
  const steadyFor = now.steadyFor + 1
  // What the line carries changes by itself: the reference follows slowly, so that one lucky measurement does not count for ever.
  const next = { ...now, shortfalls: 0, steadyFor, reference: reference * 0.75 + rate * 0.25 }
  if (steadyFor < steadyBeforeTrial) return next
  const by = now.nextTrial === 'more' ? step(now.limit) : -step(now.limit)
  const nextTrial = now.nextTrial === 'more' ? 'fewer' : 'more'
  return change({ ...next, nextTrial }, now.limit + by, now.nextTrial, bounds)
}

/** An eighth, at least one. */
const step = (limit: number): number => Math.max(1, Math.round(limit / 8))

function change(now: Concurrency, to: number, phase: Concurrency['phase'], bounds: ConcurrencyBounds): Concurrency {
  const limit = clamp(to, bounds)
  if (limit === now.limit) return { ...now, phase: 'steady', before: limit, steadyFor: 0, shortfalls: 0 }
  return { ...now, limit, phase, before: now.limit, isFresh: true, steadyFor: 0, shortfalls: 0 }
}

const clamp = (limit: number, { min, max }: ConcurrencyBounds): number => Math.min(Math.max(limit, min), max)
