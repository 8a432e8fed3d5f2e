import { shownBytes } from '../output.ts'
import { fitText } from './fit-text.ts'
import { shownTimeLeft } from './time-left.ts'

/** What a line of the table tells of: a clip, a folder or card, or all together. */
export type Tally = {
  name: string
  capturedBytes: number
  acknowledgedBytes: number
  /** Still to be acknowledged, what has to be sent again included. */
  leftBytes: number
  /** Handed to the network and not acknowledged yet. */
  inFlightBytes: number
  verifiedBytes: number
  /** Null where none is measured. */
  bytesPerSecond: number | null
}

type Column = { title: string; width: number; cell(tally: Tally): string }

const barWidth = 16
const columns = {
  bar: { title: '', width: barWidth, cell: drawBar },
  percent: { title: '', width: 5, cell: (tally) => shownPercent(tally) },
  captured: { title: 'captured', width: 8, cell: ({ capturedBytes }) => shownBytes(capturedBytes) },
  acknowledged: { title: 'acknowledged', width: 12, cell: ({ acknowledgedBytes }) => shownBytes(acknowledgedBytes) },
  verified: { title: 'verified', width: 8, cell: ({ verifiedBytes }) => shownBytes(verifiedBytes) },
  rate: {
    title: 'rate',
    width: 10,
    cell: ({ bytesPerSecond }) => (bytesPerSecond === null ? '' : `${shownBytes(Math.round(bytesPerSecond))}/s`),
  },
  left: {
    title: 'left',
    width: 9,
    cell: ({ leftBytes, inFlightBytes, bytesPerSecond }) =>
      bytesPerSecond === null ? '' : shownTimeLeft(leftBytes - inFlightBytes, bytesPerSecond),
  },
} as const satisfies Record<string, Column>
type ColumnName = keyof typeof columns

/** On a narrow terminal the later ones are left out first. */
const byImportance: readonly ColumnName[] = ['percent', 'acknowledged', 'captured', 'verified', 'bar', 'left', 'rate']
const minNameWidth = 12
const gap = '  '

/** Where the columns lie on a terminal of this width: the names first, taking what the others leave. */
export function layOut(terminalColumns: number): { header: string; row(tally: Tally): string } {
  const chosen = new Set<ColumnName>()
  let nameWidth = terminalColumns
  for (const name of byImportance) {
    const width = columns[name].width + gap.length
    if (nameWidth - width < minNameWidth) break
    nameWidth -= width
    chosen.add(name)
  }
  const shown: Column[] = Object.entries(columns).flatMap(([name, column]) =>
    chosen.has(name as ColumnName) ? column : [],
  )
  const line = (first: string, cell: (column: Column) => string) =>
    [fitText(first, nameWidth), ...shown.map((column) => cell(column).padStart(column.width))].join(gap)
  return { header: line('', ({ title }) => title), row: (tally) => line(tally.name, ({ cell }) => cell(tally)) }
}

/** Rounded down, so that nothing is shown as whole that is not. */
function shownPercent({ capturedBytes, acknowledgedBytes }: Tally): string {
  if (capturedBytes <= 0) return '-'
  return `${Math.min(100, Math.floor((acknowledgedBytes * 100) / capturedBytes))} %`
}

/** Verified, acknowledged, on the way, to come. */
function drawBar({ capturedBytes, acknowledgedBytes, inFlightBytes, verifiedBytes }: Tally): string {
  const cells = (bytes: number) =>
    capturedBytes <= 0 ? 0 : Math.min(barWidth, Math.floor((bytes / capturedBytes) * barWidth))
  const verified = cells(verifiedBytes)
  const acknowledged = Math.max(verified, cells(acknowledgedBytes))
  const sent = Math.max(acknowledged, cells(acknowledgedBytes + inFlightBytes))
  return `${'█'.repeat(verified)}${'▓'.repeat(acknowledged - verified)}${'▒'.repeat(sent - acknowledged)}${'░'.repeat(barWidth - sent)}`
}
