import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AgentError } from '../agent-error.ts'
import { prepareStateDir, takeStateLock } from '../queue/state-dir.ts'
import { remoteOperations } from './call.ts'
import type { Operations } from './operations.ts'

export type ReachOptions = { stateDir: string; allowInsecure: boolean; log: Logger }

/** A daemon that is just starting or ending has the lock but no socket; that passes quickly. */
const patienceMs = 5_000

/** Runs `use` against the queue of a state folder: through the daemon's socket when one runs, else on the queue itself under its lock. */
export async function reachQueue<T>(
  options: ReachOptions,
  use: (operations: Operations, viaDaemon: boolean) => Promise<T>,
): Promise<T> {
  prepareStateDir(options.stateDir)
  const givesUpAt = performance.now() + patienceMs
  for (;;) {
    const lock = takeStateLock(options.stateDir)
    if (lock !== null) {
      // Brings the network stack with it, which a look through the daemon's socket has no need of.
      const { withOwnQueue } = await import('./own-queue.ts')
      return withOwnQueue(options, lock, use)
    }
    const remote = remoteOperations(options.stateDir)
    const answers = await remote.clientId({}).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AgentError && error.code === 'DAEMON_NOT_RUNNING') return false
        throw error
      },
    )
    if (answers) return use(remote, true)
    if (performance.now() >= givesUpAt) {
      throw new AgentError(
        'STATE_DIR_LOCKED',
        `another process holds ${options.stateDir} and does not answer`,
        'End the other rushes-agent that uses this state folder, then try again.',
      )
    }
    await delay(100)
  }
}
