/** Whether this is a time zone that days can be counted in (an IANA name such as `Europe/Berlin`). */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false // RangeError is how Intl says that it does not know the name
  }
}
