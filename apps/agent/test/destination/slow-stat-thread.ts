import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'

/**
 * The thread as it is, with a medium that takes its time to say how large a file is when it is asked for the first time: it makes the file `asked`
 * in the folder `TEST_FOLDER`, and answers when `answer` is there.
 */
const folder = process.env.TEST_FOLDER ?? ''
const { fstatSync } = fs
let isFirst = true
fs.fstatSync = ((...given: Parameters<typeof fstatSync>) => {
  if (isFirst) {
    isFirst = false
    fs.writeFileSync(join(folder, 'asked'), '')
    while (!fs.existsSync(join(folder, 'answer'))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
  return fstatSync(...given)
}) as typeof fstatSync
syncBuiltinESMExports()
await import('../../src/destination/courier-thread.ts')
