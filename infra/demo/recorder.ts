import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { demoDevices } from './demo-devices.ts'
import { findClipMaker } from './make-clip.ts'
import { recordClips } from './record-clips.ts'

/** The program that records for all demo devices: `recorder.ts DEMO_DIR`. SIGTERM ends it between two bytes. */
const [demoDir] = process.argv.slice(2)
if (demoDir === undefined) throw new Error('usage: recorder.ts DEMO_DIR')

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())

const maker = await findClipMaker()
try {
  await Promise.all(
    demoDevices.map(async ({ folder, reel }, index) => {
      // One after the other at first: three encoders at once would slow the start of everything else.
      await wait(index * 5_000, undefined, { signal: stopping.signal })
      const dir = join(demoDir, folder)
      await recordClips(
        { watchDir: join(dir, 'watch'), recordingDir: join(dir, 'recording'), reel },
        {
          maker,
          maxClipCount: 20,
          random: Math.random,
          sleep: (durationMs) => wait(durationMs, undefined, { signal: stopping.signal }),
          signal: stopping.signal,
        },
      )
    }),
  )
  // Enough is recorded. Staying, since the supervisor takes an end for a crash.
  await wait(2 ** 31 - 1, undefined, { signal: stopping.signal })
} catch (error) {
  if (!stopping.signal.aborted) throw error
}
