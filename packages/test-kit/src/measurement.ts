/** One measurement of a benchmark, as its line of JSON has it. */
export type Measurement = {
  metric: string
  unit: string
  median: number
  min: number
  max: number
  runs: number
  /** What it was measured against in the same session, and how many times better than that it was. */
  peer: string | null
  ratio: number | null
  goal: string | null
  met: boolean | null
}

/** Values of single runs and what they are held against. */
export type Measured = {
  metric: string
  unit: string
  /** One of each run. */
  values: readonly number[]
  peer?: { name: string; values: readonly number[]; better: 'higher' | 'lower' }
  goal?: { text: string; isMet: (measured: { median: number; min: number; max: number; ratio: number }) => boolean }
}

/**
 * Sums up the runs of a measurement. The ratio is one of medians and above 1 where ours is the better one; it is NaN for a goal
 * without a peer.
 *
 * @throws RangeError when there is no run
 */
export function sumUp({ metric, unit, values, peer, goal }: Measured): Measurement {
  const [median, min, max] = [medianOf(values), Math.min(...values), Math.max(...values)]
  const ratio = peer === undefined ? Number.NaN : ratioOf(median, medianOf(peer.values), peer.better)
  return {
    metric,
    unit,
    median: rounded(median),
    min: rounded(min),
    max: rounded(max),
    runs: values.length,
    peer: peer?.name ?? null,
    ratio: peer === undefined ? null : rounded(ratio),
    goal: goal?.text ?? null,
    met: goal === undefined ? null : goal.isMet({ median, min, max, ratio }),
  }
}

/** The middle value; of an even number of them, the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new RangeError('a median of nothing')
  return (lower + upper) / 2
}

const ratioOf = (ours: number, theirs: number, better: 'higher' | 'lower') =>
  better === 'higher' ? ours / theirs : theirs / ours

/** Four digits that count; more would pretend an exactness that no run has. */
const rounded = (value: number) => Number(value.toPrecision(4))
