import { readBootId } from '../boot-id.ts'
import { caFileOf, proxyOfEnvironment } from '../config.ts'
import { createDestinationPool } from '../destination-pool.ts'
import { noteServerTime } from '../queue/capture-clock.ts'
import { openQueue } from '../queue/open-queue.ts'
import { keepPairingCopy } from '../queue/pairing-copy.ts'
import type { StateLock } from '../queue/state-dir.ts'
import { createAuthorization } from '../upload/authorization.ts'
import type { Operations } from './operations.ts'
import { queueOperations } from './queue-operations.ts'
import type { ReachOptions } from './reach-queue.ts'

/** Runs `use` on the queue of a state folder whose lock the caller has; gives the lock back. */
export async function withOwnQueue<T>(
  { stateDir, allowInsecure, log }: ReachOptions,
  lock: StateLock,
  use: (operations: Operations, viaDaemon: boolean) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  let hearServer: (serverNowMs: number) => void = () => undefined // until there is a queue to note it in
  const pool = createDestinationPool({
    caFile: caFileOf(stateDir),
    maxPartsInFlight: 1,
    allowInsecure,
    proxy: proxyOfEnvironment(),
    onServerTime: (serverNowMs) => hearServer(serverNowMs),
  })
  try {
    const queue = openQueue({ stateDir, bootId: readBootId() })
    try {
      hearServer = (serverNowMs) => noteServerTime(queue, serverNowMs)
      keepPairingCopy(queue, stateDir)
      const authorization = createAuthorization({ queue, destinationOf: pool.of, log, signal: stop.signal })
      return await use(queueOperations({ queue, stateDir, pool, authorization, live: () => null }), false)
    } finally {
      queue.close()
    }
  } finally {
    stop.abort()
    await pool.close()
    lock.release()
  }
}
