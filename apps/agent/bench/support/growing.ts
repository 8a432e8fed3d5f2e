import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type LinkShape, seededRandom, startLinkProxy } from '@rushes/test-kit'
import { agentFlags } from './agent-flags.ts'
import { pairedQueue } from './filled-queue.ts'
import { record } from './record.ts'
import type { Sink } from './start-sink.ts'

export type Recording = { bytesPerSecond: number; seconds: number }

/** Records clip after clip while the whole agent uploads them: from the end of each until the destination has all of it. */
export async function measureGrowing(
  dir: string,
  sink: Sink,
  recording: Recording,
  runs: number,
): Promise<{ completeMs: number[] }> {
  return withAgent(dir, sink.url, recording, async (card) => {
    const completeMs: number[] = []
    for (let run = 0; run < runs; run++) {
      const finalPart = sink.finalPart()
      const { closedAt } = await record(join(card, `A001C00${run}.mov`), recording)
      completeMs.push((await finalPart) - closedAt)
    }
    return { completeMs }
  })
}

/** As above over a line: how many times longer it took than the line needs for the bytes that were still owed when the clip ended. */
export async function measureGrowingOver(
  dir: string,
  sink: Sink,
  shape: LinkShape,
  recording: Recording,
  runs: number,
): Promise<{ timesOwed: number[] }> {
  const proxy = await startLinkProxy({ upstreamPort: Number(new URL(sink.url).port), shape, random: seededRandom(1) })
  try {
    return await withAgent(dir, `http://${proxy.host}:${proxy.port}`, recording, async (card) => {
      const timesOwed: number[] = []
      for (let run = 0; run < runs; run++) {
        const [finalPart, before] = [sink.finalPart(), proxy.deliveredBytes()]
        const { closedAt, sizeBytes } = await record(join(card, `A002C00${run}.mov`), recording)
        const owedBytes = sizeBytes - (proxy.deliveredBytes() - before)
        const tookMs = (await finalPart) - closedAt
        timesOwed.push(tookMs / ((owedBytes * 8_000) / shape.bitsPerSecond))
      }
      return { timesOwed }
    })
  } finally {
    await proxy.close()
  }
}

/** How far what has arrived is behind the recorder at most in the last third of a long clip, in seconds of recording. */
export async function measureKeepingUp(
  dir: string,
  sink: Sink,
  recording: Recording,
): Promise<{ behindSeconds: number[] }> {
  return withAgent(dir, sink.url, recording, async (card) => {
    const before = await sink.receivedBytes()
    const looks: Promise<number>[] = []
    const look = async (sizeBytes: number) => sizeBytes - ((await sink.receivedBytes()) - before)
    const finalPart = sink.finalPart()
    await record(join(card, 'A003C001.mov'), recording, (sizeBytes) => {
      if (sizeBytes > (recording.bytesPerSecond * recording.seconds * 2) / 3) looks.push(look(sizeBytes))
    })
    await finalPart
    return { behindSeconds: (await Promise.all(looks)).map((bytes) => bytes / recording.bytesPerSecond) }
  })
}

async function withAgent<T>(
  dir: string,
  serverUrl: string,
  { bytesPerSecond }: Recording,
  work: (card: string) => Promise<T>,
): Promise<T> {
  const stateDir = await mkdtemp(join(dir, 'growing-'))
  const card = join(stateDir, 'card')
  await mkdir(card)
  const watch = [{ path: card, mode: 'realtime', bytesPerSecond: Math.round(bytesPerSecond) }]
  await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ watch }))
  pairedQueue(stateDir, serverUrl).close()
  const main = join(import.meta.dirname, '../../src/main.ts')
  const child = spawn(process.execPath, [...agentFlags, main, '--state-dir', stateDir, '--json', 'run'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', (line) => line.includes('"event":"ready"') && ready.resolve())
  child.on('close', () => ready.reject(new Error('the agent ended before it was ready')))
  try {
    await ready.promise
    return await work(card)
  } finally {
    child.kill('SIGTERM')
    await ended
    await rm(stateDir, { recursive: true })
  }
}
