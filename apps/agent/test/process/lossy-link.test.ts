import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { type Device, endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const mebibyte = 1024 * 1024

/** An agent that has sent one clip over a link which broke off again and again. */
async function onLossyLink(): Promise<Device> {
  const device = await startDevice({ chunkSizeBytes: 25_000_000, settings: { workers: 1, stallMs: 20_000 } })
  device.server.inject(faults.resetMidBody(100_000), { operation: 'part', times: 3 })
  await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  await device.until(([first]) => first?.state === 'verified', 'the first one verified')
  return device
}

const untilBothAreHome = (device: Device) =>
  device.until((uploads) => uploads.length === 2 && uploads.every(({ state }) => state === 'verified'), 'both verified')

test('on a link whose connections break off the next clip is asked for in smaller parts, of 5 MiB at least', async () => {
  const device = await onLossyLink()
  const clip = await writeClip(device.watchDir, 'A002.mov', 20 * mebibyte)
  await untilBothAreHome(device)
  expect(differences(device.server, clip)).toEqual([])
  const sizes = [...(device.server.assets[1]?.parts.values() ?? [])].map(({ sizeBytes }) => sizeBytes)
  expect(sizes).toEqual([1, 2, 3, 4].map(() => 5 * mebibyte))
  const [first] = await device.list()
  const [shown] = (await device.cli('show', first?.id ?? '')).lines as {
    parts: { attempts: number; error: object }[]
  }[]
  expect(shown?.parts).toMatchObject([{ attempts: 4, error: { class: 'network', message: 'The connection broke' } }])
})

test('a 500 to a create that asks for parts is answered with one that asks for none, at once', async () => {
  const device = await onLossyLink()
  device.server.inject(faults.serverError, { operation: 'create' })
  const clip = await writeClip(device.watchDir, 'A002.mov', 20 * mebibyte)
  const uploads = await untilBothAreHome(device)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets[1]?.parts.size).toBe(1)
  expect(uploads[1]?.attempts).toBe(1)
  expect(device.server.violations).toEqual([])
})

test('a 500 to that one too is a fault like any other, and what is asked for does not change any more', async () => {
  const device = await onLossyLink()
  device.server.inject(faults.serverError, { operation: 'create', times: 2 })
  const clip = await writeClip(device.watchDir, 'A002.mov', 20 * mebibyte)
  const uploads = await untilBothAreHome(device)
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(2)
  expect(device.server.assets[1]?.parts.size).toBe(1)
  expect(uploads[1]?.state).toBe('verified')
})
