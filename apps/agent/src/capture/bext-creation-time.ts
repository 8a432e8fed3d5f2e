import type { ReadAt } from './embedded-creation-time.ts'

/** Recorders write a few chunks before the sound; `bext` is meant to be the first. */
const maxChunks = 64
/** Where OriginationDate (10 characters) and OriginationTime (8) lie in the chunk (EBU Tech 3285). */
const dateOffset = 320
const dateLength = 18

/**
 * Origination date and time of a Broadcast Wave file. The format knows no time zone: recorder and device are taken to be in the same one.
 * Null without the chunk or when it holds no real date.
 */
export async function bextCreationAt(read: ReadAt, sizeBytes: number): Promise<number | null> {
  let at = 12
  for (let count = 0; count < maxChunks && at + 8 <= sizeBytes; count += 1) {
    const head = await read(at, 8)
    if (head.length < 8) return null
    const length = head.readUInt32LE(4)
    if (head.toString('latin1', 0, 4) === 'bext') {
      if (length < dateOffset + dateLength) return null
      return parseOrigination((await read(at + 8 + dateOffset, dateLength)).toString('latin1'))
    }
    // Chunks lie on even offsets. In RF64 the sound's length is all ones here, which ends the walk: `bext` comes before it.
    at += 8 + length + (length % 2)
  }
  return null
}

/** `2026-11-22` and `14:03:05`, with any of the separators that the standard allows. */
function parseOrigination(text: string): number | null {
  const match = /^(\d{4})[-_:. ](\d{2})[-_:. ](\d{2})(\d{2})[-_:. ](\d{2})[-_:. ](\d{2})$/.exec(text)
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const date = new Date(year, month - 1, day, hour, minute, second)
  // 2026-02-31 would become March.
  const isReal = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60
  return isReal ? date.getTime() : null
}
