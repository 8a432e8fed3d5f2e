import { spawn } from 'node:child_process'
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type LinkShape, seededRandom, startLinkProxy } from '@rushes/test-kit'
import { type PackedAgent, unpackAgent } from '../../test/process/packed-agent.ts'
import { fill, pairedQueue } from './filled-queue.ts'
import { peakMb } from './process-figures.ts'
import { type Sink, startSink } from './start-sink.ts'

const clipBytes = 16_000_000_000
const lookMs = 8_000
const patienceMs = 60_000
/** Slow enough that no part ends while it is looked at, fast enough that buffers turn over all the time. */
const shape: LinkShape = { bitsPerSecond: 400_000_000, roundTripMs: 20, windowBytes: 524_288, lossRate: 0 }

/**
 * Starts the agent as it is installed on a queue of so many rows and lets it send clips of 16 GB (holes: it is not the disk that is
 * measured) over a slow line, with each of the numbers of parts at once. Tells of each the most memory that it took in each run, its start
 * included.
 */
export async function* measureMemory(
  dir: string,
  load: { rowCount: number; partBytes: number },
  numbers: readonly number[],
  runs: number,
): AsyncGenerator<{ workers: number; peakMb: number[] }> {
  const { rowCount, partBytes } = load
  const [stateDir, card] = [join(dir, 'state'), join(dir, 'card')]
  for (const folder of [stateDir, card]) await mkdir(folder, { recursive: true })
  const agent = unpackAgent(dir)
  const sink = await startSink({ partBytes })
  const proxy = await startLinkProxy({ upstreamPort: Number(new URL(sink.url).port), shape, random: seededRandom(1) })
  try {
    const queue = pairedQueue(stateDir, `http://${proxy.host}:${proxy.port}`)
    fill(queue, { uploaded: rowCount, queued: 0 })
    queue.close()
    for (let clip = 0; clip * clipBytes < Math.max(...numbers) * partBytes * 2; clip++) {
      await writeFile(join(card, `A00${clip}.mxf`), `clip ${clip}`)
      await truncate(join(card, `A00${clip}.mxf`), clipBytes)
    }
    for (const workers of numbers) {
      await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ watch: [{ path: card }], workers, drainMs: 0 }))
      const peakMb: number[] = []
      for (let run = 0; run < runs; run++) peakMb.push(await runOnce(agent, stateDir, sink, workers))
      yield { workers, peakMb }
    }
  } finally {
    await proxy.close()
    sink.stop()
    await rm(dir, { recursive: true })
  }
}

async function runOnce(agent: PackedAgent, stateDir: string, sink: Sink, workers: number): Promise<number> {
  const child = spawn(agent.executable, ['--state-dir', stateDir, '--json', 'run'], {
    stdio: 'ignore',
    env: { ...process.env, ...agent.env },
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  try {
    const givesUpAt = performance.now() + patienceMs
    while ((await sink.bodiesUnderWay()) < workers) {
      if (performance.now() > givesUpAt || child.exitCode !== null)
        throw new Error(`only ${await sink.bodiesUnderWay()} of ${workers} parts are in flight`)
      await wait(200)
    }
    await wait(lookMs)
    if ((await sink.bodiesUnderWay()) < workers) throw new Error('parts ended while memory was looked at')
    return await peakMb(child.pid)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
