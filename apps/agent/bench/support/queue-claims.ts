import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { agentFlags } from './agent-flags.ts'
import { fill, pairedQueue } from './filled-queue.ts'

const run = promisify(execFile)

/** Claims and acknowledgements on a queue of so many rows, in a process of its own for each run. */
export async function measureQueue(
  stateDir: string,
  rowCount: number,
  runs: number,
): Promise<{ claimP99Ms: number[]; fsyncsPerPart: { atOne: number[]; atFour: number[] } }> {
  await mkdir(stateDir, { recursive: true })
  const queue = pairedQueue(stateDir, 'http://127.0.0.1:1')
  fill(queue, { uploaded: Math.floor(rowCount / 2), queued: Math.ceil(rowCount / 2) })
  queue.close()
  const claimP99Ms: number[] = []
  const fsyncsPerPart = { atOne: [] as number[], atFour: [] as number[] }
  const program = join(import.meta.dirname, 'claim-parts.ts')
  for (let count = 0; count < runs; count++) {
    const { stdout } = await run(process.execPath, [...agentFlags, program, stateDir, '40'])
    claimP99Ms.push(JSON.parse(stdout).claimP99Ms)
    fsyncsPerPart.atOne.push(await countFsyncs(program, stateDir, 1))
    fsyncsPerPart.atFour.push(await countFsyncs(program, stateDir, 4))
  }
  return { claimP99Ms, fsyncsPerPart }
}

/** What a few hundred parts more cost in flushes, so that opening and closing the queue do not count. */
async function countFsyncs(program: string, stateDir: string, workers: number): Promise<number> {
  const count = async (parts: number) => {
    const trace = [
      '-f',
      '-c',
      '-e',
      'trace=fsync,fdatasync',
      process.execPath,
      program,
      stateDir,
      String(parts),
      'acknowledgeOnly',
      String(workers),
    ]
    const { stderr, stdout } = await run('strace', trace)
    const calls = stderr
      .split('\n')
      .flatMap((line) => (/\s(fsync|fdatasync)$/.test(line) ? [Number(line.trim().split(/\s+/)[3])] : []))
    return { syncs: calls.reduce((sum, value) => sum + value, 0), parts: Number(JSON.parse(stdout).acknowledged) }
  }
  const [few, many] = [await count(10), await count(210)]
  return (many.syncs - few.syncs) / (many.parts - few.parts)
}
