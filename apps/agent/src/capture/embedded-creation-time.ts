import { bextCreationAt } from './bext-creation-time.ts'
import { mvhdCreationAt } from './mvhd-creation-time.ts'

/** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

/**
 * The time of creation that a recorder wrote into the file, in milliseconds since 1970; null for other formats, for none, and for whatever
 * cannot be true. Reads some hundred small pieces at most, however the file is built.
 */
export async function readEmbeddedCreationTime(read: ReadAt, sizeBytes: number): Promise<number | null> {
  const head = await read(0, 12)
  if (head.length < 12) return null
  const at = isRiffWave(head) ? await bextCreationAt(read, sizeBytes) : await mvhdCreationAt(read, sizeBytes)
  return at !== null && at >= earliestMs && at <= latestMs ? at : null
}

/** No such file is older than its formats, and a year past 2100 is a misread one. */
const earliestMs = Date.UTC(1990, 0)
const latestMs = Date.UTC(2100, 0)

/** RF64 and BW64 are the same with sizes beyond 4 GiB (EBU Tech 3306, ITU-R BS.2088). */
function isRiffWave(head: Buffer): boolean {
  return ['RIFF', 'RF64', 'BW64'].includes(head.toString('latin1', 0, 4)) && head.toString('latin1', 8, 12) === 'WAVE'
}
