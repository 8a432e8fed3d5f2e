import { execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { PackedAgent } from '../../test/process/packed-agent.ts'
import { pairedQueue } from './filled-queue.ts'
import { cpuMs, peakMb } from './process-figures.ts'
import type { Taken } from './run-measured.ts'
import type { Sink } from './start-sink.ts'

const startMs = 2_000
/** Longer than the steps in which a file system tells the time. */
const clockStepMs = 100
const lookMs = 20
const patienceMs = 120_000

/**
 * From when a folder of files appears in a watch folder of the agent as it is installed until the last byte of them has arrived; the time for which
 * files have to rest is in it.
 */
export async function uploadAppearing(
  agent: PackedAgent,
  sink: Sink,
  dir: string,
  folder: string,
  totalBytes: number,
): Promise<Taken> {
  const work = await mkdtemp(join(dir, 'appearing-'))
  const [stateDir, watched, card] = [join(work, 'state'), join(work, 'watched'), join(work, 'card')]
  for (const made of [stateDir, watched]) await mkdir(made, { mode: 0o700 })
  pairedQueue(stateDir, sink.url).close()
  await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ watch: [{ path: watched }], drainMs: 0 }))
  const child = spawn(agent.executable, ['--state-dir', stateDir, '--json', 'run'], {
    stdio: 'ignore',
    env: { ...process.env, ...agent.env },
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  try {
    // Of what was captured before the pairing nothing goes up by itself; and what the copies leave to be written is no part of this.
    await wait(clockStepMs)
    await cp(folder, card, { recursive: true })
    execFileSync('sync')
    await wait(startMs)
    const received = await sink.receivedBytes()
    const cpuBefore = await cpuMs(child.pid)
    const begunMs = performance.now()
    await rename(card, join(watched, 'card'))
    while ((await sink.receivedBytes()) - received < totalBytes) {
      if (performance.now() - begunMs > patienceMs) throw new Error('the files have not arrived')
      await wait(lookMs)
    }
    const wallMs = performance.now() - begunMs
    return { wallMs, cpuMs: (await cpuMs(child.pid)) - cpuBefore, rssMb: await peakMb(child.pid) }
  } finally {
    child.kill('SIGTERM')
    await ended
    await rm(work, { recursive: true })
  }
}
