import { join } from 'node:path'
import type { HttpFaultProxy } from '@rushes/test-kit'
import { expect } from 'vitest'
import { sha256Of, writeClip } from './harness/media.ts'
import { pairAndRun } from './harness/pair.ts'
import { untilStored } from './harness/store.ts'
import { test } from './harness/test.ts'
import { until } from './harness/until.ts'

const sentParts = (uplink: HttpFaultProxy) =>
  uplink.requests.filter((request) => request.method === 'PUT' && request.path.startsWith('/parts/'))

const pathsOf = (requests: HttpFaultProxy['requests']) => requests.map((request) => request.path.split('?')[0])

const acknowledgedParts = (uplink: HttpFaultProxy) =>
  pathsOf(sentParts(uplink).filter((request) => request.status === 200))

test('an agent killed in the middle of an upload goes on where it was, and sends no acknowledged part again', async ({
  world,
  newDevice,
}) => {
  const project = await world.createProject('Kill')
  const device = await newDevice('Kill-Cam')
  await pairAndRun(world, device, project.id)
  const slow = world.uplink.inject(
    { kind: 'bandwidth', bytesPerSecond: 12_000_000 },
    { when: { method: 'PUT', path: '/parts/' } },
  )

  const clip = join(device.watchDir, 'A001C001.wav')
  await writeClip(clip, 160_000_000, 1)
  for (const kills of [1, 2]) {
    await until(`${kills + 1} parts are acknowledged`, async () => acknowledgedParts(world.uplink).length > kills)
    await device.kill()
    await device.run()
  }
  slow.remove()
  const verified = await device.untilState('A001C001.wav', 'verified')
  expect(verified.bytesAcknowledged).toBe(160_000_000)

  const acknowledged = acknowledgedParts(world.uplink)
  expect(new Set(acknowledged).size).toBe(acknowledged.length)
  // A part whose bytes were all there when the agent was killed is found at the destination, and has no reply of its own.
  const whole = sentParts(world.uplink).filter(
    ({ status, requestBytes, headers }) => status === 200 || requestBytes === Number(headers['content-length']),
  )
  expect(new Set(pathsOf(whole)).size).toBe(verified.partsTotal)
  const stored = await untilStored(world, 'A001C001.wav')
  expect(stored).toHaveLength(1)
  expect(await sha256Of(stored[0] ?? '')).toBe(await sha256Of(clip))
})

test('ingest killed in the middle of an upload comes back, and the clip arrives whole', async ({
  world,
  newDevice,
}) => {
  const project = await world.createProject('Ingest kill')
  const device = await newDevice('Steady-Cam')
  await pairAndRun(world, device, project.id)
  const slow = world.uplink.inject(
    { kind: 'bandwidth', bytesPerSecond: 12_000_000 },
    { when: { method: 'PUT', path: '/parts/' } },
  )
  const clip = join(device.watchDir, 'A001C002.wav')
  const before = acknowledgedParts(world.uplink).length
  await writeClip(clip, 100_000_000, 2)
  await until('a part is acknowledged', async () => acknowledgedParts(world.uplink).length > before)
  const { pid } = world.instance.component('ingest')
  if (pid === undefined) throw new Error('ingest does not run')
  process.kill(pid, 'SIGKILL')
  slow.remove()
  await device.untilState('A001C002.wav', 'verified')
  const stored = await untilStored(world, 'A001C002.wav')
  expect(await sha256Of(stored[0] ?? '')).toBe(await sha256Of(clip))
})
