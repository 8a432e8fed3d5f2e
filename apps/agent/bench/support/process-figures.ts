import { readFile } from 'node:fs/promises'

const ticksPerSecond = 100

/** User and system time of a process so far, from proc_pid_stat(5). */
export async function cpuMs(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

export const residentMb = (pid: number | undefined): Promise<number> => statusMb(pid, 'VmRSS')

/** The most that it ever had. */
export const peakMb = (pid: number | undefined): Promise<number> => statusMb(pid, 'VmHWM')

async function statusMb(pid: number | undefined, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1_000
}
