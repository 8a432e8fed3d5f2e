import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, storedBytes, untilStatus } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

/** Two programs on one folder, of which neither looks through the rows: what is not told to the first, it never comes upon. */
let keeper: TestIngest
let other: TestIngest
let device: Device
beforeAll(async () => {
  const limits = { sweepEveryMs: 24 * 3_600_000 }
  keeper = await startTestIngest({ limits })
  other = await startTestIngest({ limits, beside: keeper })
  device = await pairDevice(keeper)
})
afterAll(async () => {
  await other?.stop()
  await keeper?.stop()
})

const at = (ingest: TestIngest, url = '') => url.replace(keeper.url, ingest.url)
const assembledBy = (ingest: TestIngest) => ingest.logLines.filter((line) => line.includes('clip available')).length

test('a clip whose last part came to a program that does not keep the folder is put together by the one that does, at once', async () => {
  const bytes = someBytes(12 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'told.mp4', parts: 2 })
  for (const [index, piece] of split(bytes, 2).entries())
    expect((await putPart(at(other, urls[index]), piece)).status).toBe(200)
  await untilStatus(device, id, 'available')
  expect(bytes.equals(await storedBytes(keeper.dir, 'told.mp4'))).toBe(true)
  expect([assembledBy(keeper), assembledBy(other)]).toEqual([1, 0])
})

test('many at once are each put together once', async () => {
  const before = assembledBy(keeper)
  const clips = await Promise.all(
    Array.from({ length: 20 }, async (_, nth) => {
      const bytes = someBytes(10_000, nth)
      return { bytes, ...(await createFixed(device, bytes, { name: `small-${nth}.mp4` })) }
    }),
  )
  await Promise.all(clips.map(({ bytes, urls }) => putPart(at(other, urls[0]), bytes)))
  for (const { id } of clips) await untilStatus(device, id, 'available')
  expect(assembledBy(keeper) - before).toBe(20)
})
