import { mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SeededRandom, seededRandom } from '@rushes/test-kit'
import { hashBytes } from '../../src/xxh64.ts'
import type { SimulatedDestination } from '../simulated-destination/start-simulated-destination.ts'

export type Clip = { path: string; name: string; bytes: Uint8Array }

/** Writes a clip of random bytes; the same seed writes the same one. */
export async function writeClip(
  dir: string,
  name: string,
  sizeBytes: number,
  random: SeededRandom = seededRandom(sizeBytes),
): Promise<Clip> {
  const path = join(dir, name)
  const bytes = random.bytes(sizeBytes)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  return { path, name, bytes }
}

/** Makes a file look as if it had been written at that moment, in so far as a program can. */
export const backdate = (path: string, at: Date): Promise<void> => utimes(path, at, at)

/**
 * Resolves once a file that is written now is known to be of later than when this was called: file systems and uptimes are told in steps of up
 * to 10 ms, and what began in the step of a move may have begun before it.
 */
export async function untilDatedLater({ stateDir }: { stateDir: string }): Promise<void> {
  const laterMs = Date.now() + 50
  const path = join(dirname(stateDir), 'dated')
  for (;;) {
    await writeFile(path, '')
    const { mtimeMs } = await stat(path)
    await rm(path)
    if (mtimeMs >= laterMs) return
    await delay(5)
  }
}

/** What differs between a clip and what arrived of it, in words; empty when one whole asset of it is there, byte for byte. */
export function differences(server: SimulatedDestination, clip: Clip): string[] {
  const complete = server.completedAssets().filter(({ name }) => name === clip.name)
  if (complete.length !== 1) return [`${complete.length} complete assets of ${clip.name}`]
  const found: string[] = []
  let offset = 0
  for (const part of [...(complete[0]?.parts.values() ?? [])].sort((a, b) => a.number - b.number)) {
    const slice = clip.bytes.subarray(offset, offset + part.sizeBytes)
    if (part.received?.xxh64 !== hashBytes(slice)) found.push(`part ${part.number} of ${clip.name} differs`)
    offset += part.sizeBytes
  }
  if (offset !== clip.bytes.byteLength) found.push(`${clip.name} has ${clip.bytes.byteLength} bytes, ${offset} arrived`)
  return found
}
