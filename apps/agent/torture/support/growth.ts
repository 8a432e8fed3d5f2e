const msPerHour = 3_600_000

/** By how much a value grows in an hour, as the straight line through all samples has it (least squares); 0 for fewer than two. */
export function growthPerHour(samples: readonly { atMs: number; value: number }[]): number {
  const meanAt = mean(samples.map(({ atMs }) => atMs))
  const meanValue = mean(samples.map(({ value }) => value))
  const spread = samples.reduce((sum, { atMs }) => sum + (atMs - meanAt) ** 2, 0)
  if (spread === 0) return 0
  const together = samples.reduce((sum, { atMs, value }) => sum + (atMs - meanAt) * (value - meanValue), 0)
  return (together / spread) * msPerHour
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
