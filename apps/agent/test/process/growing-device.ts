import { expect } from 'vitest'
import { type Device, startDevice } from './agent-process.ts'
import { type Clip, differences } from './clips.ts'
import { type Recorder, record } from './growing-clips.ts'

export const mebibyte = 1_048_576
export const realtimeFolder = { path: '../card', mode: 'realtime', bytesPerSecond: 5_242_880 }
/** A device whose folder is one of recordings; its rate is said, so that nothing waits for it to be measured. */
export const startRealtimeDevice = (options: Parameters<typeof startDevice>[0] = {}) =>
  startDevice({ ...options, settings: { watch: [realtimeFolder], ...options.settings } })

/** Numbers of the parts that the destination has of the newest asset. */
export const arrived = ({ server }: Device): number[] =>
  [...(server.assets.at(-1)?.parts.values() ?? [])]
    .filter(({ received }) => received !== null)
    .map(({ number }) => number)

/** Records until some of it has arrived: an agent that stood still meanwhile has seen it at one length alone, and has to see it grow. */
export async function recordUntilArrived(device: Device, recorder: Recorder, sizeBytes = 24 * mebibyte): Promise<void> {
  await record(recorder, sizeBytes)
  const givesUpAt = performance.now() + 60_000
  while (arrived(device).length < 2 && performance.now() < givesUpAt) await record(recorder, 4_096, 1)
  expect(arrived(device).length, 'parts arrive while it grows').toBeGreaterThanOrEqual(2)
}

/** The one upload there is has come home, once and byte for byte. */
export async function expectHome(device: Device, clip: Clip): Promise<void> {
  const home = device.server.mode === 'ours' ? 'verified' : 'uploaded'
  await device.until((all) => all.length === 1 && all[0]?.state === home, `the clip is ${home}`, 120_000)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.violations).toEqual([])
}

/** As `expectHome`, and with no asset but the one that was begun while it grew, no part of it sent twice. */
export async function expectHomeAtOnce(device: Device, clip: Clip): Promise<void> {
  await expectHome(device, clip)
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
}
