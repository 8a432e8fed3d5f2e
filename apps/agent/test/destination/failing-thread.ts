import { parentPort } from 'node:worker_threads'

/** A thread with a bug. */
parentPort?.postMessage([{ kind: 'awake' }])
parentPort?.on('message', () => {
  throw new Error('a bug')
})
