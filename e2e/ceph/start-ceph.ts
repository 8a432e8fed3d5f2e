import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@rushes/infra/start/ports'

const run = promisify(execFile)

export type S3Server = { endpoint: string; accessKeyId: string; secretAccessKey: string }

const script = join(import.meta.dirname, 'ceph-s3-up.sh')
const programs = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool']
const namePrefix = 'rushes-ceph-'
const startMs = 180_000

/** Whether Ceph can be run here: its programs are there, and we are root, which its daemons want. */
export async function hasCeph(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  try {
    for (const program of programs) await run('sh', ['-c', 'command -v "$1"', 'sh', program])
    return true
  } catch {
    return false // one of them is missing
  }
}

/** Starts a real S3 server whose data die with it. What earlier ones left behind, because they were killed, is removed first. */
export async function startCeph(): Promise<S3Server & { stop(): Promise<void> }> {
  await sweepAbandoned()
  const dir = await mkdtemp(join(tmpdir(), `${namePrefix}${process.pid}-`))
  const stop = () => end(dir)
  try {
    const [port, monitorPort] = await Promise.all([freePort(), freePort()])
    const { stdout } = await run('bash', [script, dir, String(port), String(monitorPort)], { timeout: startMs })
    const value = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(stdout)?.[1] ?? ''
    return {
      endpoint: value('S3_ENDPOINT'),
      accessKeyId: value('S3_ACCESS_KEY_ID'),
      secretAccessKey: value('S3_SECRET_ACCESS_KEY'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${namePrefix}(\\d+)-`).exec(name)?.[1]
    if (owner !== undefined && (await placeOf(Number(owner))) === null) await end(join(tmpdir(), name))
  }
}

/** Ends the daemons of a folder, told by where they run: their numbers may belong to others by now. */
async function end(dir: string): Promise<void> {
  const pids = await readFile(join(dir, 'run/pids'), 'utf8').catch(() => '') // it did not come to starting any
  for (const pid of pids.split('\n').filter(Boolean).map(Number))
    if ((await placeOf(pid)) === dir) process.kill(pid, 'SIGKILL')
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** The folder that a process runs in; null when there is no such process. */
const placeOf = (pid: number): Promise<string | null> => readlink(`/proc/${pid}/cwd`).catch(() => null)
