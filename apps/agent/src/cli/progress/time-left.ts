/** How long so many bytes take at this rate, as `0:42`, `12:03`, `3:20:11` or `2 d 3 h`; `-` when nothing moves. */
export function shownTimeLeft(byteCount: number, bytesPerSecond: number): string {
  if (byteCount <= 0 || !(bytesPerSecond >= 1)) return '-'
  const seconds = Math.ceil(byteCount / bytesPerSecond)
  const hours = Math.floor(seconds / 3_600)
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`
  const minutesAndSeconds = `${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`
  return hours > 0 ? `${hours}:${minutesAndSeconds}` : minutesAndSeconds.replace(/^0/, '')
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')
