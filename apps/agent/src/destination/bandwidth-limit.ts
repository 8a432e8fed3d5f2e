/** When parts may take how much of the line. */
export type BandwidthLimits = {
  /** Whenever no entry of the timetable applies; null: as much as there is. */
  bytesPerSecond: number | null
  /** The first entry that applies counts. */
  timetable: readonly BandwidthPeriod[]
}
export type BandwidthPeriod = {
  /** On which it begins; none named: every day. */
  days: readonly Weekday[]
  /** `HH:MM` on the clock of the device. One that ends before it begins lasts until the next day; one that ends when it begins, a whole day. */
  from: string
  to: string
  bytesPerSecond: number | null
}
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Weekday = (typeof weekdays)[number]

/** Bytes per second that may leave at this instant, by the device's local time; null: no limit. */
export function limitAt({ bytesPerSecond, timetable }: BandwidthLimits, at: Date): number | null {
  const period = timetable.find((candidate) => applies(candidate, at))
  return period === undefined ? bytesPerSecond : period.bytesPerSecond
}

/** Whether there is a time at which less than all may leave. */
export const everLimits = ({ bytesPerSecond, timetable }: BandwidthLimits): boolean =>
  [bytesPerSecond, ...timetable.map((period) => period.bytesPerSecond)].some((limit) => limit !== null)

const minutesPerDay = 1_440

function applies({ days, from, to }: BandwidthPeriod, at: Date): boolean {
  const minute = at.getHours() * 60 + at.getMinutes()
  const [begin, end] = [minuteOf(from), minuteOf(to)]
  const lengthMinutes = (end - begin + minutesPerDay - 1) % minutesPerDay
  const sinceBegin = (minute - begin + minutesPerDay) % minutesPerDay
  if (sinceBegin > lengthMinutes) return false
  const daysAgo = minute < begin ? 1 : 0
  const day = weekdays[(at.getDay() - daysAgo + weekdays.length) % weekdays.length]
  return days.length === 0 || (day !== undefined && days.includes(day))
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return (hours * 60 + minutes) % minutesPerDay
}
