const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A size as people buy it (powers of 1000), with one decimal from kB on, so that a column keeps its width: `48.2 GB`. */
export function formatBytes(byteCount: number): string {
  if (!Number.isFinite(byteCount) || byteCount < 0) return '?'
  if (byteCount < 1000) return `${Math.round(byteCount)}\u00a0B`
  let value = byteCount
  let unit = 0
  // 999.95 would be shown as 1000.0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value.toFixed(1)}\u00a0${units[unit]}`
}

/** A rate, never below kB: `57.3 MB/s`; an idle one is `0 kB/s`. */
export function formatRate(bytesPerSecond: number): string {
  if (bytesPerSecond < 50) return '0\u00a0kB/s'
  return bytesPerSecond < 1000 ? `${(bytesPerSecond / 1000).toFixed(1)}\u00a0kB/s` : `${formatBytes(bytesPerSecond)}/s`
}

/** How much is done, in whole percent; 100 only when nothing at all is missing, 0 only when nothing at all is there. */
export function formatPercent(done: number, total: number): string {
  if (total <= 0) return '–'
  if (done >= total) return '100%'
  if (done <= 0) return '0%'
  return `${Math.min(99, Math.max(1, Math.floor((done / total) * 100)))}%`
}

export function formatCount(count: number): string {
  return count.toLocaleString('en')
}

/** `1 clip`, `2 clips`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
