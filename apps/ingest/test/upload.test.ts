import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, putPart, someBytes, split, storedBytes, untilStatus } from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

test('a clip goes up in the two parts that the basic guide shows', async () => {
  const bytes = someBytes(21_136_250)
  const asset = await createFixed(device, bytes)
  expect(asset.urls).toHaveLength(2)
  for (const [i, part] of split(bytes, 2).entries()) {
    const r = await putPart(asset.urls[i] ?? '', part)
    expect(r.text).toBe('')
    expect(r.status).toBe(200)
  }
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await storedBytes(ingest.dir, 'C2C_TEST_CLIP.mp4'))).toBe(true)
})
