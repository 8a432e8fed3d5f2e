import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

type Action =
  | { action: 'open'; path: string }
  | { action: 'write'; text: string }
  | { action: 'close' }
  | { action: 'truncate'; path: string; sizeBytes: number }
  | { action: 'append'; path: string; text: string }

/** Another process that writes files; each call resolves when it has been done there. */
export async function startRecorder() {
  const child = fork(join(import.meta.dirname, 'recorder-process.mjs'))
  await once(child, 'message')
  return {
    do: async (action: Action) => {
      const done = once(child, 'message')
      child.send(action)
      await done
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
