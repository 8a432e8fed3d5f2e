import { safeName } from './safe-name.ts'

/** Kinds of media as folders name them. */
export type MediaFolder = 'VIDEO' | 'AUDIO' | 'IMAGE' | 'DATA'

/** File types that devices send as `application/octet-stream`, by extension. */
const byExtension: Record<string, MediaFolder> = {
  mp4: 'VIDEO',
  mov: 'VIDEO',
  mxf: 'VIDEO',
  r3d: 'VIDEO',
  braw: 'VIDEO',
  ari: 'VIDEO',
  arx: 'VIDEO',
  crm: 'VIDEO',
  avi: 'VIDEO',
  mkv: 'VIDEO',
  mts: 'VIDEO',
  wav: 'AUDIO',
  bwf: 'AUDIO',
  rf64: 'AUDIO',
  aif: 'AUDIO',
  aiff: 'AUDIO',
  flac: 'AUDIO',
  mp3: 'AUDIO',
  m4a: 'AUDIO',
  jpg: 'IMAGE',
  jpeg: 'IMAGE',
  png: 'IMAGE',
  heic: 'IMAGE',
  heif: 'IMAGE',
  tif: 'IMAGE',
  tiff: 'IMAGE',
  dng: 'IMAGE',
  raf: 'IMAGE',
}

export function mediaFolder(filetype: string, name: string): MediaFolder {
  const kind = filetype.split('/', 1)[0]?.toLowerCase()
  if (kind === 'video') return 'VIDEO'
  if (kind === 'audio') return 'AUDIO'
  if (kind === 'image') return 'IMAGE'
  return byExtension[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'DATA'
}

/** By time zone, of which there are some hundreds: making one takes longer than all else that a small clip costs here. */
const calendars = new Map<string, Intl.DateTimeFormat>()

function calendarOf(timezone: string): Intl.DateTimeFormat {
  const known = calendars.get(timezone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  if (calendars.size >= 1_000) calendars.clear() // names differ in case only: `europe/zurich` is one too
  calendars.set(timezone, made)
  return made
}

/** The calendar day of an instant in a time zone, `YYYY_MM_DD`. */
export function folderDay(at: Date, timezone: string): string {
  const parts = calendarOf(timezone).formatToParts(at)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('year').padStart(4, '0')}_${of('month')}_${of('day')}`
}

/** Where a clip lies within its project: `Cloud Devices/2026_11_22/VIDEO/A-Cam`. */
export function folderFor(clip: {
  day: Date
  timezone: string
  filetype: string
  name: string
  deviceName: string
}): string {
  const media = mediaFolder(clip.filetype, clip.name)
  return ['Cloud Devices', folderDay(clip.day, clip.timezone), media, safeName(clip.deviceName)].join('/')
}
