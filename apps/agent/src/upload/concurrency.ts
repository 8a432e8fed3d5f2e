/**
 * How many transfers go on at once, found by measuring what the other side takes. Pure. It begins by doubling for as long as that pays, then tries a few
 * more and, seldom, a few fewer and keeps what is better (fewer, where it makes no difference). When what it measured before is not reached any
 * more, connections that were young then have met their first losses, or the line carries less: it tries twice as many and, where that does
 * not pay, a quarter less, and keeps that unless it is worse. Additive increase, multiplicative decrease.
 *
 * Too many cost little, too few cost what the line could carry, and a trial of fewer costs that for as long as it lasts. Loss makes what a
 * line carries swing by a tenth from one second to the next, so a limit is judged by the mean of several measurements.
 */
export type Concurrency = {
  limit: number
  phase: 'doubling' | 'steady' | 'more' | 'fewer' | 'reviving' | 'relieving'
  /** What `before` brought, or while steady what the limit brings, in units per second; null before the first measurement. */
  reference: number | null
  /** The limit before a trial. */
  before: number
  /** Measurements after a change that say little: new connections are only beginning. */
  toSkip: number
  /** Measurements since then, not judged yet. */
  taken: { sum: number; count: number }
  /** Judgements since the last trial, and since the last one of fewer. */
  steadyFor: number
  sinceFewer: number
}

/**
 * What a trial has to multiply the rate by to be kept: of twice as many, of a few more, of fewer. Below 1 where those cost little, and a rate that
 * falls by less tells nothing. `shortfall`: a rate that falls below this part of what it was is not reached any more.
 */
export type Gains = { doubling: number; more: number; fewer: number; shortfall: number }
/** A few more must bring something; a few fewer are as good. */
export const gainsOfLine: Gains = { doubling: 1.25, more: 1.03, fewer: 0.99, shortfall: 0.9 }
/** `perFall`: so many measurements it takes to believe that doubling has cost something. */
export type ConcurrencyBounds = { min: number; max: number; gains: Gains; perFall: number }
/** `saturated`: just as many as allowed were on their way and more waited; otherwise the rate says nothing about the limit. */
export type Measurement = { unitsPerSecond: number; saturated: boolean }

const nothingTaken = { sum: 0, count: 0 }

export const startConcurrency = (limit: number, bounds: ConcurrencyBounds): Concurrency => ({
  limit: clamp(limit, bounds),
  phase: 'doubling',
  reference: null,
  before: clamp(limit, bounds),
  toSkip: 1,
  taken: nothingTaken,
  steadyFor: 0,
  sinceFewer: 0,
})

/** Measurements to a judgement. */
const perJudgement = { doubling: 2, steady: 4, more: 4, fewer: 4, reviving: 2, relieving: 4 } as const
const steadyBeforeMore = 3
const steadyBeforeFewer = 20

export function measured(now: Concurrency, measurement: Measurement, bounds: ConcurrencyBounds): Concurrency {
  const { unitsPerSecond, saturated } = measurement
  if (!saturated || unitsPerSecond <= 0) return now
  if (now.toSkip > 0) return { ...now, toSkip: now.toSkip - 1 }
  const taken = { sum: now.taken.sum + unitsPerSecond, count: now.taken.count + 1 }
  if (taken.count < perJudgement[now.phase]) return { ...now, taken }
  const rate = taken.sum / taken.count
  if (now.phase === 'doubling' && hasFallen(now, rate, bounds) && taken.count < bounds.perFall) return { ...now, taken }
  return judged({ ...now, taken: nothingTaken }, rate, bounds)
}

const hasFallen = ({ reference }: Concurrency, rate: number, { gains }: ConcurrencyBounds): boolean =>
  reference !== null && rate < reference * Math.min(gains.doubling, gains.fewer)

/** The destination asked for less (503), or memory runs short. */
export const overloaded = (now: Concurrency, bounds: ConcurrencyBounds): Concurrency => ({
  ...change(now, Math.floor(now.limit / 2), 'steady', bounds),
  // What was reached before may be too much: to be measured anew, and not by doubling.
  reference: now.reference === null ? null : now.reference / 2,
})

function judged(now: Concurrency, rate: number, bounds: ConcurrencyBounds): Concurrency {
  const { reference } = now
  const { gains } = bounds
  const back = () => change(now, now.before, 'steady', bounds)
  if (reference === null) return change({ ...now, reference: rate }, now.limit * 2, 'doubling', bounds)
  switch (now.phase) {
    case 'doubling':
      if (rate >= reference * gains.doubling) return doubled(now, reference, rate, bounds)
      if (hasFallen(now, rate, bounds)) return back()
      // Enough for now, with some to spare for when the connections, young as they are, meet their first losses.
      return { ...now, phase: 'steady', before: now.limit, reference: rate }
    case 'more':
      if (rate < reference * gains.more) return back()
      return change({ ...now, reference: rate }, now.limit + Math.ceil(now.limit / 4), 'more', bounds)
    case 'fewer':
      if (rate < reference * gains.fewer) return back()
      return change(now, now.limit - Math.ceil(now.limit / 8), 'fewer', bounds)
    case 'reviving':
      if (rate >= reference * Math.max(gains.doubling, gains.more))
        return change({ ...now, reference: rate }, now.limit * 2, 'doubling', bounds)
      if (rate >= reference * gains.more) return { ...now, phase: 'steady', before: now.limit, reference: rate }
      return change({ ...now, limit: now.before }, Math.floor(now.before * 0.75), 'relieving', bounds)
    case 'relieving':
      return rate < reference * gains.fewer ? back() : { ...now, phase: 'steady', before: now.limit, reference: rate }
    case 'steady':
      return whileSteady(now, reference, rate, bounds)
  }
}

/** Where twice as many need not bring more, the best so far stays what is compared with, and gone back to. */
function doubled(now: Concurrency, reference: number, rate: number, bounds: ConcurrencyBounds): Concurrency {
  const next = change({ ...now, reference: rate }, now.limit * 2, 'doubling', bounds)
  return rate >= reference || next.phase === 'steady' ? next : { ...next, before: now.before, reference }
}

function whileSteady(now: Concurrency, reference: number, rate: number, bounds: ConcurrencyBounds): Concurrency {
  if (rate < reference * bounds.gains.shortfall)
    return now.limit < bounds.max
      ? change({ ...now, reference: rate }, now.limit * 2, 'reviving', bounds)
      : change({ ...now, reference: rate }, Math.floor(now.limit * 0.75), 'relieving', bounds)
  // What the line carries changes by itself: the reference follows slowly, so that one lucky measurement does not count for ever.
  const next = {
    ...now,
    steadyFor: now.steadyFor + 1,
    sinceFewer: now.sinceFewer + 1,
    reference: reference * 0.75 + rate * 0.25,
  }
  if (next.steadyFor < steadyBeforeMore) return next
  if (next.sinceFewer >= steadyBeforeFewer)
    return change({ ...next, sinceFewer: 0 }, now.limit - Math.ceil(now.limit / 8), 'fewer', bounds)
  return change(next, now.limit + Math.ceil(now.limit / 4), 'more', bounds)
}

function change(now: Concurrency, to: number, phase: Concurrency['phase'], bounds: ConcurrencyBounds): Concurrency {
  const limit = clamp(to, bounds)
  const fresh = { ...now, before: now.limit, taken: nothingTaken, steadyFor: 0 }
  return limit === now.limit ? { ...fresh, phase: 'steady' } : { ...fresh, limit, phase, toSkip: 1 }
}

const clamp = (limit: number, { min, max }: Pick<ConcurrencyBounds, 'min' | 'max'>): number =>
  Math.min(Math.max(limit, min), max)
