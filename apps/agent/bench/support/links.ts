import { spawn } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type LinkShape, seededRandom, startLinkProxy } from '@rushes/test-kit'
import { agentFlags } from './agent-flags.ts'
import type { Sink } from './start-sink.ts'

const settleMs = 10_000
const sliceMs = 2_000
const sliceCount = 5
const fixedNumbers = [1, 2, 4, 8, 16, 32]
/** More than any line carries meanwhile; a hole, since it is not the disk that is measured. */
const clipBytes = 8_000_000_000
/** Of lines that carry no more than this all ways are measured at the same time, each on a line of its own. */
const mostBitsPerSecondAtOnce = 100_000_000

export const links: readonly LinkShape[] = [20, 100, 500].flatMap((megabits) =>
  [5, 50, 150].map((roundTripMs) => ({
    ...{ bitsPerSecond: megabits * 1_000_000, roundTripMs, windowBytes: 524_288, lossRate: 0.00002 },
  })),
)

export type OnLink = { found: number[]; best: { count: number; values: number[] } }

/** What arrives, in MB/s of each of some slices of time once the sender has had ten seconds to settle: with the number of parts at once that measuring finds, and with the best fixed one. */
export async function measureLink(dir: string, sink: Sink, shape: LinkShape): Promise<OnLink> {
  const ways = [null, ...fixedNumbers].map((workers) => () => sendOver(dir, sink, shape, workers))
  const taken: number[][] = []
  if (shape.bitsPerSecond <= mostBitsPerSecondAtOnce) taken.push(...(await Promise.all(ways.map((way) => way()))))
  else for (const way of ways) taken.push(await way())
  const [found = [], ...fixed] = taken
  const best = fixed
    .map((values, index) => ({ count: fixedNumbers[index] ?? 0, values }))
    .reduce((one, other) => (sumOf(other.values) > sumOf(one.values) ? other : one))
  return { found, best }
}

async function sendOver(dir: string, sink: Sink, shape: LinkShape, workers: number | null): Promise<number[]> {
  const proxy = await startLinkProxy({ upstreamPort: Number(new URL(sink.url).port), shape, random: seededRandom(1) })
  const stateDir = await mkdtemp(join(dir, 'link-'))
  const clip = join(stateDir, 'A001.mov')
  await writeFile(clip, 'moov')
  await truncate(clip, clipBytes)
  await writeFile(join(stateDir, 'list'), clip)
  const argv = [`http://${proxy.host}:${proxy.port}`, stateDir, join(stateDir, 'list'), String(workers ?? '')]
  const child = spawn(process.execPath, [...agentFlags, join(import.meta.dirname, 'upload-files.ts'), ...argv], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  while (proxy.deliveredBytes() < 100_000 && child.exitCode === null) await wait(5)
  await wait(settleMs)
  const values: number[] = []
  for (let slice = 0; slice < sliceCount; slice++) {
    const [before, begunMs] = [proxy.deliveredBytes(), performance.now()]
    await wait(sliceMs)
    values.push((proxy.deliveredBytes() - before) / 1e3 / (performance.now() - begunMs))
  }
  child.kill('SIGKILL')
  await ended
  await proxy.close()
  await rm(stateDir, { recursive: true })
  return values
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
