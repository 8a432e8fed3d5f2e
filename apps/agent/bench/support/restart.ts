import { spawn } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { agentFlags } from './agent-flags.ts'
import { fill, pairedQueue } from './filled-queue.ts'
import { cpuMs, residentMb } from './process-figures.ts'
import type { Sink } from './start-sink.ts'

const idleMs = 10_000

/** Starts of the whole daemon on a queue of so many rows, of which one can be uploaded. */
export async function measureRestart(stateDir: string, sink: Sink, rowCount: number, runs: number) {
  await mkdir(stateDir, { recursive: true })
  const path = join(stateDir, 'clip.mov')
  await writeFile(path, Buffer.alloc(6_000_000, 7))
  const found = { firstByteMs: [] as number[], rssMb: [] as number[], idleCpuPercent: [] as number[] }
  const queue = pairedQueue(stateDir, sink.url)
  fill(queue, { uploaded: rowCount, queued: 0 })
  queue.close()
  for (let count = 0; count < runs; count++) {
    await queueAgain(stateDir, sink.url, path)
    const firstByte = sink.firstByte()
    const begunAt = Date.now()
    const main = join(import.meta.dirname, '../../src/main.ts')
    const child = spawn(process.execPath, [...agentFlags, main, '--state-dir', stateDir, '--json', 'run'], {
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    found.firstByteMs.push((await firstByte) - begunAt)
    await wait(3_000) // what a start does besides is over
    const before = await cpuMs(child.pid)
    await wait(idleMs)
    found.idleCpuPercent.push((((await cpuMs(child.pid)) - before) / idleMs) * 100)
    found.rssMb.push(await residentMb(child.pid))
    child.kill('SIGTERM')
    await ended
  }
  return found
}

/** One more upload of the file, queued as a process that ended would have left it. */
async function queueAgain(stateDir: string, serverUrl: string, path: string): Promise<void> {
  const queue = pairedQueue(stateDir, serverUrl)
  const { mtimeNs, ino, size } = await stat(path, { bigint: true })
  queue.db
    .prepare(
      `INSERT INTO files (path, volume_id, inode, inode_is_stable, size_bytes, modified_us) VALUES (?, 'uuid:bench', ?, 1, ?, ?)`,
    )
    .run(path, String(ino), size, mtimeNs / 1_000n)
  queue.db
    .prepare(
      `INSERT INTO uploads (id, project_id, file_id, name, mime_type, size_bytes, captured_at, state, step, create_key, created_at, updated_at)
        VALUES (lower(hex(randomblob(16))), 'project-1', last_insert_rowid(), 'clip.mov', 'video/quicktime', ?, 1, 'queued', 'register', hex(randomblob(8)), 1, 1)`,
    )
    .run(size)
  queue.close()
}
