import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { runSelfMeasured, type Taken } from './run-measured.ts'
import type { Sink } from './start-sink.ts'

export const runs = 5

/** A file of random bytes, in the page cache. */
export async function writeLarge(dir: string, sizeBytes: number): Promise<{ path: string; list: string }> {
  const path = join(dir, 'A001.mov')
  const file = createWriteStream(path)
  const block = randomBytes(10_000_000)
  for (let written = 0; written < sizeBytes; written += block.length)
    if (!file.write(block)) await new Promise((resolve) => file.once('drain', resolve))
  file.end()
  await finished(file)
  return { path, list: await listOf(dir, [path]) }
}

/** By `uploader`, which is `upload-files.ts` as it is installed. `before`: a list of other files that the same process sends first, untimed. */
export async function upload(
  uploader: string,
  sink: Sink,
  dir: string,
  list: string,
  { caFile, before }: { caFile?: string; before?: string } = {},
): Promise<Taken> {
  const stateDir = await mkdtemp(join(dir, 'state-'))
  const argv = [sink.url, stateDir, list, ...(caFile === undefined ? [] : ['', caFile])]
  if (before !== undefined) argv.push('--before', before)
  const taken = await runSelfMeasured(uploader, argv)
  await rm(stateDir, { recursive: true })
  return taken
}

export async function listOf(dir: string, paths: readonly string[], name = 'list'): Promise<string> {
  const list = join(dir, name)
  await writeFile(list, paths.join('\n'))
  return list
}

/** One of each in turn, so that whatever else the machine does falls on all alike; the first round only warms up. */
export async function interleaved<const N extends readonly (() => Promise<Taken>)[]>(
  ways: N,
): Promise<{ -readonly [I in keyof N]: Taken[] }> {
  const taken = ways.map((): Taken[] => [])
  for (let round = 0; round <= runs; round++)
    for (const [index, way] of ways.entries()) {
      const one = await way()
      if (round > 0) taken[index]?.push(one)
    }
  // As many lists as ways, in their order.
  return taken as { -readonly [I in keyof N]: Taken[] }
}

export function program(name: string): string {
  return join(import.meta.dirname, name)
}
