import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** The thread as it is, with a medium that takes its time to say how large a file is when it is asked for the first time. */
const { fstatSync } = fs
let count = 0
fs.fstatSync = ((...given: Parameters<typeof fstatSync>) => {
  count++
  if (count === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_800)
  return fstatSync(...given)
}) as typeof fstatSync
syncBuiltinESMExports()
await import('../../src/destination/courier-thread.ts')
