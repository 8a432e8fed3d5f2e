import type { PartSpan } from '@rushes/upload-core'
import type { ExpectedSource } from '../destination/port.ts'
import type { Probe } from '../queue/growths.ts'
import { digestRange } from './digest-range.ts'
import { readPlaces } from './read-places.ts'

/** Long enough not to be found by chance in what a recorder writes. */
const probeBytes = 256
/** How far into a part its most telling stretch is looked for: recorders at a constant rate fill their pictures up with zeros. */
const searchedBytes = 1_048_576
/** So many different bytes in a stretch are as good as any: noise has 162. */
const tellingVariety = 96
/** How far a file may move up: an index of this size is one of several days. */
const maxShiftBytes = 268_435_456
const windowBytes = 4_194_304
/** Places that look like the beginning of part 2 are read as a whole, but not any number of them. */
const maxCandidates = 16

export type ShiftQuestion = {
  path: string
  expected: ExpectedSource
  sizeBytes: number
  /** A stretch of part 2 as it was cut. */
  probe: Probe
  second: PartSpan
  /** One part that has arrived, with its digest; null when none has. */
  arrived: (PartSpan & { xxh64: string }) | null
}

/** The stretch near the beginning of a part that is least likely to be found anywhere else: the first of those with the most different bytes. */
export async function readProbe(path: string, part: PartSpan): Promise<Probe> {
  return readPlaces(path, async (read) => {
    const searched = await read(part.offset, Math.max(probeBytes, Math.min(searchedBytes, part.sizeBytes)))
    const best = { atBytes: 0, variety: 0 }
    for (let atBytes = 0; atBytes + probeBytes <= searched.length; atBytes += probeBytes) {
      const variety = new Set(searched.subarray(atBytes, atBytes + probeBytes)).size
      if (variety > best.variety) Object.assign(best, { atBytes, variety })
      if (variety >= tellingVariety) break
    }
    return { atBytes: best.atBytes, hex: searched.toString('hex', best.atBytes, best.atBytes + probeBytes) }
  })
}

/**
 * By how many bytes the file has moved up because a head was put before it; 0 when it lies where it lay, or nobody can say. The place is
 * where a stretch of part 2 is found again, made sure of by the digest of a whole part.
 */
export async function findShift(question: ShiftQuestion, signal: AbortSignal): Promise<number> {
  const { path, second, sizeBytes } = question
  const probe = Buffer.from(question.probe.hex, 'hex')
  const layAt = second.offset + question.probe.atBytes
  return readPlaces(path, async (read) => {
    if ((await read(layAt, probe.length)).equals(probe)) return 0
    let candidates = 0
    const lastAt = Math.min(layAt + maxShiftBytes, sizeBytes - probe.length)
    for (let at = layAt + 1; at <= lastAt; at += windowBytes) {
      signal.throwIfAborted()
      const window = await read(at, windowBytes + probe.length - 1)
      for (let index = window.indexOf(probe); index !== -1; index = window.indexOf(probe, index + 1)) {
        const shiftBytes = at + index - layAt
        if (await isThere(question, shiftBytes, signal)) return shiftBytes
        if (++candidates >= maxCandidates) return 0
      }
    }
    return 0
  })
}

async function isThere({ path, expected, arrived, sizeBytes }: ShiftQuestion, shiftBytes: number, signal: AbortSignal) {
  if (arrived === null) return true
  const offsetBytes = arrived.offset + shiftBytes
  if (offsetBytes + arrived.sizeBytes > sizeBytes) return false
  return (await digestRange({ path, offsetBytes, sizeBytes: arrived.sizeBytes, expected }, signal)) === arrived.xxh64
}
