import { spawn } from 'node:child_process'
import type { Logger } from 'pino'
import type { Queue } from '../queue/open-queue.ts'
import { sleep } from '../sleep.ts'

/** What systemd tells a service of type `notify`: that it wants to hear, and how often at least. */
export type Supervisor = { watchdogMs: number | null }

/**
 * Tells systemd that the agent runs, then, twice as often as it asks, that it still does: that its loop turns and its queue answers. One
 * that hangs says nothing and is started anew. Ends with the signal.
 */
export async function notifySupervisor(
  queue: Queue,
  { watchdogMs }: Supervisor,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await notify('READY=1', log)
  const tellEveryMs = watchdogMs === null ? null : watchdogMs / 2
  while (!signal.aborted) {
    await sleep(tellEveryMs ?? 2_147_483_647, signal)
    if (signal.aborted || tellEveryMs === null) continue
    queue.sql('SELECT client_id FROM unit').get()
    await notify('WATCHDOG=1', log)
  }
}

/** Node.js has no datagram sockets of the kind that systemd listens on, so its own program says it. */
function notify(what: string, log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('systemd-notify', [what], { stdio: 'ignore' })
    const failed = (why: unknown) => {
      log.error({ why }, 'systemd could not be told that the agent runs')
      resolve()
    }
    child.on('error', failed)
    child.on('close', (code) => (code === 0 ? resolve() : failed(`systemd-notify ended with ${code}`)))
  })
}
