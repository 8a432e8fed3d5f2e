import type { HttpFault } from '@rushes/test-kit'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { requestsFor, startDeviceBehindProxy } from './spoiled-link.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const inThreeParts = {
  chunkSizeBytes: 1_048_576,
  settings: { workers: 1, retry: { baseDelayMs: 500, maxDelayMs: 1_000, jobPauseMs: 1_000 } },
}
const html = { 'content-type': 'text/html' }
const blockPage = (status: number): HttpFault => ({
  ...{ kind: 'reply', status, headers: html, body: '<html><h1>Blocked by policy</h1></html>' },
})
const xml = { 'content-type': 'application/xml' }
const accessDenied = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'

test.for<[string, HttpFault]>([
  ['by the page of a filter', blockPage(403)],
  ['without a word', { kind: 'reply', status: 403 }],
  ['by the store of an upload that lives', { kind: 'reply', status: 403, headers: xml, body: accessDenied }],
])('a part answered 403 %s waits as forbidden, and nothing of it is sent again', async ([, fault]) => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const spoiled = device.proxy.inject(fault, { when: requestsFor.secondPart })
  const clip = await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await device.start()
  const [waiting] = await device.until(([upload]) => upload?.reason === 'forbidden' && upload.error !== null, 'waits')
  expect(waiting).toMatchObject({ state: 'waiting', partsDone: 1, attempts: 1, error: { class: 'destination' } })
  spoiled.remove()
  await device.cli('retry', waiting?.id ?? '')
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(1)
  expect(device.server.partsSentAgain()).toEqual([])
})

test.for([400, 405, 412, 451])('creates answered %d by the page of an intermediary fail no clip', async (status) => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const spoiled = device.proxy.inject(blockPage(status), { when: requestsFor.create })
  const clips = [await writeClip(device.watchDir, 'A001.mov', 20_000), await writeClip(device.watchDir, 'A002.mov', 9)]
  await device.start()
  const waits = (reason: string | null) => reason === 'backoff' || reason === 'deprioritised'
  await device.until((all) => all.length === 2 && all.every(({ reason }) => waits(reason)), 'both wait')
  spoiled.remove()
  await device.until((all) => all.every(({ state }) => state === 'verified'), 'verified')
  for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(2)
})

test('digests answered 400 by the page of an intermediary are told again, and the clip is verified', async () => {
  const device = await startDeviceBehindProxy(inThreeParts)
  const spoiled = device.proxy.inject(blockPage(400), { when: requestsFor.custody, nth: 1 })
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(spoiled.hitCount).toBe(1)
  expect(differences(device.server, clip)).toEqual([])
})
