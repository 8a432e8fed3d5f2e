import stringWidth from 'string-width'
import { shownText } from '../output.ts'

const segmenter = new Intl.Segmenter()

/** A text that takes exactly so many columns of a terminal: filled with blanks, or cut at its beginning, since names differ at their end. */
export function fitText(text: string, columnCount: number): string {
  const shown = shownText(text)
  if (stringWidth(shown) <= columnCount) return fill(shown, columnCount)
  const kept = whatFits([...segmenter.segment(shown)].reverse(), columnCount)
  return fill(columnCount === 0 ? '' : `…${kept.reverse().join('')}`, columnCount)
}

/** A sentence that takes at most so many columns, cut at its end. */
export function cutText(text: string, columnCount: number): string {
  const shown = shownText(text)
  if (stringWidth(shown) <= columnCount) return shown
  return columnCount === 0 ? '' : `${whatFits(segmenter.segment(shown), columnCount).join('')}…`
}

/** The first of the characters that leave a column for the ellipsis. */
function whatFits(characters: Iterable<Intl.SegmentData>, columnCount: number): string[] {
  const kept: string[] = []
  let left = columnCount - 1
  for (const { segment } of characters) {
    left -= stringWidth(segment)
    if (left < 0) break
    kept.push(segment)
  }
  return kept
}

const fill = (text: string, columnCount: number): string => text + ' '.repeat(columnCount - stringWidth(text))
