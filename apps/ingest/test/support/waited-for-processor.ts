import { readFile } from 'node:fs/promises'

/**
 * How long the main thread of a process could have run and did not, in milliseconds since its start, because others had the
 * processors: what a busy machine adds to every time that is taken. 0 where the system does not tell.
 */
export async function waitedForProcessorMs(pid: number): Promise<number> {
  const told = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '') // only Linux keeps this
  return Number(told.split(' ')[1] ?? 0) / 1_000_000
}
