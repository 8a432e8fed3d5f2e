const msPerHour = 3_600_000

/** By how much a value grows in an hour, and how far that may be off (one standard error): infinitely for fewer than three samples. */
export type Growth = { perHour: number; standardError: number }

/** The straight line through all samples (least squares). */
export function growthOf(samples: readonly { atMs: number; value: number }[]): Growth {
  const meanAt = mean(samples.map(({ atMs }) => atMs))
  const meanValue = mean(samples.map(({ value }) => value))
  const spread = sum(samples.map(({ atMs }) => (atMs - meanAt) ** 2))
  if (spread === 0) return { perHour: 0, standardError: Number.POSITIVE_INFINITY }
  const perMs = sum(samples.map(({ atMs, value }) => (atMs - meanAt) * (value - meanValue))) / spread
  const rest = sum(samples.map(({ atMs, value }) => (value - meanValue - perMs * (atMs - meanAt)) ** 2))
  const standardError = samples.length < 3 ? Number.POSITIVE_INFINITY : Math.sqrt(rest / (samples.length - 2) / spread)
  return { perHour: perMs * msPerHour, standardError: standardError * msPerHour }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / Math.max(1, values.length)
