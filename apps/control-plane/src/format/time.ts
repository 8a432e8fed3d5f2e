const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** How long ago something was, in its largest unit: `now`, `34 s`, `6 min`, `3 h`, `2 d`. What lies ahead counts as now. */
export function formatAge(ageMs: number): string {
  if (ageMs < 1_500) return 'now'
  if (ageMs < minuteMs) return `${Math.floor(ageMs / 1000)}\u00a0s`
  if (ageMs < hourMs) return `${Math.floor(ageMs / minuteMs)}\u00a0min`
  if (ageMs < dayMs) return `${Math.floor(ageMs / hourMs)}\u00a0h`
  return `${Math.floor(ageMs / dayMs)}\u00a0d`
}

/** A span in its two largest units: `45 s`, `14 min`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  const totalSeconds = Math.max(0, Math.round(durationMs / 1000))
  if (totalSeconds < 60) return `${totalSeconds}\u00a0s`
  const totalMinutes = Math.round(totalSeconds / 60)
  if (totalMinutes < 60) return `${totalMinutes}\u00a0min`
  const [days, hours, minutes] = [
    Math.floor(totalMinutes / 1440),
    Math.floor(totalMinutes / 60) % 24,
    totalMinutes % 60,
  ]
  if (days > 0) return hours > 0 ? `${days}\u00a0d ${hours}\u00a0h` : `${days}\u00a0d`
  return minutes > 0 ? `${hours}\u00a0h ${minutes}\u00a0min` : `${hours}\u00a0h`
}

/** When this many bytes are through at this rate; null when nothing moves, so that nobody reads a promise out of it. */
export function etaMs(remainingBytes: number, bytesPerSecond: number): number | null {
  return bytesPerSecond < 50 || remainingBytes <= 0 ? null : (remainingBytes / bytesPerSecond) * 1000
}

/** An instant as a clock on the wall shows it, with the day when it is not today: `14:02`, `21 Nov 14:02`, `21 Nov 2025 14:02`. */
export function formatInstant(iso: string, nowMs: number, timeZone?: string): string {
  const at = new Date(iso)
  const zone = timeZone === undefined ? {} : { timeZone }
  const day = (date: Date) => new Intl.DateTimeFormat('en-CA', { ...zone, dateStyle: 'short' }).format(date)
  const clock = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit' }).format(at)
  const now = new Date(nowMs)
  if (day(at) === day(now)) return clock
  const isThisYear = day(at).slice(0, 4) === day(now).slice(0, 4)
  const date = new Intl.DateTimeFormat('en-GB', {
    ...zone,
    day: 'numeric',
    month: 'short',
    ...(isThisYear ? {} : { year: 'numeric' }),
  }).format(at)
  return `${date} ${clock}`
}

/** The exact instant, for hover: local time with its zone, then UTC. */
export function formatExact(iso: string, timeZone?: string): string {
  const at = new Date(iso)
  const local = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'full',
    timeStyle: 'long',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(at)
  return `${local} (${at.toISOString()})`
}

/** How long a recording plays, as players show it: `0:04`, `12:30`, `1:02:03`. */
export function formatPlayTime(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`
}

/** What is left of some days, rounded up: `3 days`, `1 day`, `less than a day`. */
export function formatDaysLeft(leftMs: number): string {
  const days = Math.ceil(leftMs / dayMs)
  if (leftMs <= dayMs) return 'less than a day'
  return `${days} days`
}
