import { openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * A thread that hangs in the system, as one does whose medium does not answer, once it is given something to do: it opens a pipe (`TEST_PIPE`)
 * that nobody writes to. When somebody does, it goes on, and says of everything else that it was aborted.
 */
const pipe = process.env.TEST_PIPE ?? ''
parentPort?.postMessage([{ kind: 'awake' }])
parentPort?.on('message', (all: { kind: string; id: number }[]) => {
  // The first one has been read.
  if (all[0] !== undefined) Atomics.store(workerData.mayHaveLeft, all[0].id, 1)
  openSync(pipe, 'r')
  for (const { kind, id } of all)
    if (kind === 'put')
      parentPort?.postMessage([{ kind: 'ended', id, transfer: { kind: 'aborted' }, takenBytes: 0, inCallsMs: 0 }])
})
