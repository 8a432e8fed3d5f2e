import { basename } from 'node:path'
import { reasons } from '@rushes/protocol'
import type { ClipProgress, ProgressAnswer, StatusAnswer } from '../../local-api/operations.ts'
import { shownBytes } from '../output.ts'
import type { ClipRates } from './clip-rates.ts'
import { cutText } from './fit-text.ts'
import { homeSentence } from './home-sentence.ts'
import { layOut, type Tally } from './table-row.ts'

/** How a line is set off; without colour the words alone say it. */
export type Emphasis = 'strong' | 'quiet' | 'warning'
export type ScreenLine = { text: string; emphasis: Emphasis | null }

const maxFolderLines = 4

/**
 * What a terminal of this size shows: clips on their way, folders and cards, all together, and why nothing moves. No line is longer than
 * the terminal is wide, and there are no more of them than it is high: of clips that do not fit, how many.
 */
export function drawProgress(
  { status, clips }: ProgressAnswer,
  rates: ClipRates,
  size: { columns: number; rows: number },
): ScreenLine[] {
  const table = layOut(size.columns)
  const line = (text: string, emphasis: Emphasis | null = null): ScreenLine => ({
    text: cutText(text, size.columns),
    emphasis,
  })
  const row = (tally: Tally, emphasis: Emphasis | null = null): ScreenLine => ({ text: table.row(tally), emphasis })

  const head = line(`${status.project?.name ?? 'no project yet'} · ${homeSentence(status)}`, 'strong')
  const folders = status.folders.length < 2 ? [] : status.folders.slice(0, maxFolderLines)
  const below = [
    ...folders.map((folder) => row({ ...tallyOf(folder), name: nameOf(folder) })),
    row({ ...tallyOf(status), name: 'all', bytesPerSecond: status.rateBytesPerSecond }, 'strong'),
    ...whyNotMoving(status).map((text) => line(text, 'warning')),
    line('Ctrl-C ends this view; uploads go on.', 'quiet'),
  ]
  const room = Math.max(0, size.rows - below.length - 2)
  const rowsOfClips = movingFirst(clips).map((clip) => [
    row(clipTally(clip, rates)),
    ...(clip.bytesLost === undefined ? [] : [line(`  ${shownBytes(clip.bytesLost)} are sent again`, 'warning')]),
    ...(clip.reason === null ? [] : [line(`  ${clip.state}: ${reasons[clip.reason].title}`, 'warning')]),
  ])
  return [
    head,
    line(table.header, 'quiet'),
    ...withinRoom(rowsOfClips, room, (count) => line(`  and ${count} more`, 'quiet')),
    ...below,
  ].slice(0, size.rows)
}

/** As many clips as there is room for, each whole; the last line says how many are left out. */
function withinRoom(clips: readonly ScreenLine[][], room: number, more: (count: number) => ScreenLine): ScreenLine[] {
  const lines = clips.flat()
  if (lines.length <= room) return lines
  const shown: ScreenLine[] = []
  let count = 0
  for (const clip of clips) {
    if (shown.length + clip.length > room - 1) break
    shown.push(...clip)
    count++
  }
  return room === 0 ? [] : [...shown, more(clips.length - count)]
}

const movingFirst = (clips: readonly ClipProgress[]): ClipProgress[] =>
  clips.toSorted((one, other) => Number(other.bytesInFlight > 0) - Number(one.bytesInFlight > 0))

const clipTally = (clip: ClipProgress, rates: ClipRates): Tally => ({
  name: basename(clip.path),
  capturedBytes: clip.sizeBytes,
  acknowledgedBytes: clip.bytesAcknowledged,
  leftBytes: clip.sizeBytes - clip.bytesAcknowledged + (clip.bytesLost ?? 0),
  inFlightBytes: Math.min(clip.bytesInFlight, clip.sizeBytes - clip.bytesAcknowledged),
  verifiedBytes: clip.state === 'verified' ? clip.sizeBytes : 0,
  bytesPerSecond: rates.get(clip.id)?.bytesPerSecond ?? 0,
})

const tallyOf = ({ bytes }: Pick<StatusAnswer, 'bytes'>): Omit<Tally, 'name'> => ({
  capturedBytes: bytes.captured,
  acknowledgedBytes: bytes.acknowledged,
  leftBytes: bytes.waiting,
  inFlightBytes: 0,
  verifiedBytes: bytes.verified,
  bytesPerSecond: null,
})

/** A card is known by its label, where it has one, at the folder that it is mounted below. */
export function nameOf({ watchFolder, label }: StatusAnswer['folders'][number]): string {
  if (watchFolder === null) return label === null ? 'added by hand' : `added by hand, ${label}`
  return label === null || label === '/' ? watchFolder : `${watchFolder} (${label})`
}

const whyNotMoving = ({ notMoving }: StatusAnswer): string[] =>
  notMoving.map(({ reason }) =>
    isReason(reason) ? `${reasons[reason].title}: ${reasons[reason].explanation}` : reason,
  )

const isReason = (code: string): code is keyof typeof reasons => Object.hasOwn(reasons, code)
