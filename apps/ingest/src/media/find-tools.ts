import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import type { Cage } from './run-limited.ts'

const run = promisify(execFile)

/**
 * Whether clips can be looked into here: with ffmpeg, ffprobe, and the means to hold them in. Without them clips have no poster
 * and no facts, and nothing else is different. Where the system lets us, they get no network either.
 */
export async function findTools(log: Logger): Promise<Cage | null> {
  for (const [program, ...argv] of [
    ['ffmpeg', '-version'],
    ['ffprobe', '-version'],
    ['prlimit', '--version'],
    ['nice', 'true'],
  ]) {
    if (await works(program ?? '', argv)) continue
    log.info({ program }, 'clips get no posters: a program for it is not installed')
    return null
  }
  const offline = ['unshare', '--map-root-user', '--net', '--']
  const isOffline = await works(offline[0] ?? '', [...offline.slice(1), 'true'])
  log.info({ isOffline }, 'clips get posters')
  return { prefix: isOffline ? offline : [] }
}

async function works(program: string, argv: readonly string[]): Promise<boolean> {
  try {
    await run(program, argv, { timeout: 10_000 })
    return true
  } catch {
    return false // absent, or not for this machine: all the same here
  }
}
