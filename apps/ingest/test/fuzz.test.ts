import { detailedError, simpleError } from '@rushes/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, createRealtime, mib, someBytes } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

let ingest: TestIngest
let device: Device
let assetIds: string[]
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
  assetIds = [
    (await createFixed(device, someBytes(mib))).id,
    (await createRealtime(device)).id,
    crypto.randomUUID(),
    'x',
  ]
})
afterAll(() => ingest.stop())

/** What may be answered, 500 being the documented one of impossible parts. */
const documented = new Set([200, 204, 400, 401, 403, 404, 409, 411, 413, 415, 416, 422, 429])

const name = fc.oneof(
  fc.constantFrom('a.mp4', '../../x', '\0', '\ud800', 'CON', '.', ''),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const number = fc.oneof(
  fc.constantFrom(0, -1, 1, 0.5, 1e300, 2 ** 53, 2 ** 31, 10_000, 10_001, 5_242_880, 5_497_558_138_881),
  fc.integer(),
  fc.double({ noNaN: true }),
)
const anything = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  number,
  name,
  fc.array(number, { maxLength: 3 }),
  fc.dictionary(name, number, { maxKeys: 3 }),
)
/** Mostly of the right kind, at times anything at all. */
const mostly = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 5, arbitrary },
    { weight: 1, arbitrary: anything },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )

const createBody = fc.record({
  name: mostly(name),
  extension: mostly(fc.constantFrom('.mp4', 'mp4', '.a/../b', '.\n')),
  filetype: mostly(fc.constantFrom('video/mp4', 'a/b', 'x', 'video/mp4\r\nx: y')),
  filesize: mostly(number),
  is_realtime_upload: mostly(fc.boolean()),
  offset: mostly(number),
  channel: mostly(number),
  parts: mostly(number),
})
const partsBody = fc.record({
  parts: mostly(
    fc.array(fc.record({ number: mostly(number), size: mostly(number), is_final: mostly(fc.boolean()) }), {
      maxLength: 4,
    }),
  ),
  asset_filesize: mostly(number),
  asset_name: mostly(name),
})
const custodyBody = fc.record({
  parts: mostly(
    fc.array(
      fc.record({
        number: mostly(number),
        offset: mostly(number),
        size: mostly(number),
        xxh64: mostly(fc.constant('ef46db3751d8e999')),
      }),
      { maxLength: 3 },
    ),
  ),
  fileXxh64: mostly(fc.constantFrom('ef46db3751d8e999', 'X')),
  relativePath: mostly(name),
  volumeId: mostly(name),
})
const receiptBody = fc.record({
  fromProjectId: mostly(name),
  toProjectId: mostly(name),
  clearedCount: mostly(number),
  clearedBytes: mostly(number),
  abortedCount: mostly(number),
  idsXxh64: mostly(fc.constant('ef46db3751d8e999')),
  clearedAt: mostly(fc.constantFrom('2026-11-22T00:00:00Z', '0000-00-00', '+275760-09-13T00:00:00.001Z')),
})
const asset = fc.integer({ min: 0, max: 3 })

const request = fc.oneof(
  createBody.map((body) => ({ method: 'POST', path: '/v2/devices/assets', body })),
  fc
    .tuple(asset, partsBody)
    .map(([i, body]) => ({ method: 'POST', path: `/v2/devices/assets/${assetIds[i]}/realtime_upload/parts`, body })),
  fc
    .tuple(asset, custodyBody)
    .map(([i, body]) => ({ method: 'PUT', path: `/v2/devices/assets/${assetIds[i]}/custody`, body })),
  fc.tuple(number, receiptBody).map(([epoch, body]) => ({
    method: 'PUT',
    path: `/v2/devices/purge-receipts/${encodeURIComponent(String(epoch))}`,
    body,
  })),
  name.map((text) => ({
    method: 'GET',
    path: `/v2/devices/assets?since=${encodeURIComponent(text.toWellFormed())}`,
    body: undefined,
  })),
  name.map((text) => ({
    method: 'GET',
    path: `/v2/devices/assets?after=${encodeURIComponent(text.toWellFormed())}`,
    body: undefined,
  })),
  name.map((text) => ({
    method: 'GET',
    path: `/v2/devices/assets/${encodeURIComponent(text.toWellFormed())}`,
    body: undefined,
  })),
  anything.map((body) => ({ method: 'POST', path: '/v2/auth/token', body })),
)

test('whatever a device sends is answered with a documented status and shape, and nothing of the inside shows', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, body }) => {
      const reply = await device.call(method, path, body)
      const isDocumented500 = reply.status === 500 && reply.text.includes('There was a problem with your request')
      if (isDocumented500) expect(path).toBe('/v2/devices/assets')
      else expect(documented).toContain(reply.status)
      if (reply.status >= 400)
        expect(detailedError.safeParse(reply.body).success || simpleError.safeParse(reply.body).success).toBe(true)
      expect(reply.text).not.toMatch(/node_modules|\.ts:|select |insert |postgres|\/tmp\//i)
    }),
    { numRuns: 600 },
  )
  const failures = ingest.logLines.filter((line) => line.includes('a request failed'))
  expect(failures).toEqual([])
})
