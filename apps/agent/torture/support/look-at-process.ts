import { readdir, readFile } from 'node:fs/promises'

export type ProcessLook = { atMs: number; rssMb: number; openFileCount: number; cpuMs: number }

/** User and system time in proc_pid_stat(5) are counted in these. */
const tickMs = 10

/** What a process takes at this moment, and the processor time that it has taken so far. */
export async function lookAtProcess(pid: number): Promise<ProcessLook> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return {
    atMs: performance.now(),
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_000,
    openFileCount: (await readdir(`/proc/${pid}/fd`)).length,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
  }
}
