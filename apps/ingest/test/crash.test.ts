import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freshSeed, seededRandom } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, someBytes, untilStatus } from './support/clips.ts'
import { killRounds } from './support/kill-rounds.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { onS3 } from './support/test-bucket.ts'
import { until } from './support/until.ts'

let ingest: ProcessIngest
let device: Device
beforeAll(async () => {
  ingest = await prepareProcessIngest()
  await ingest.start()
  device = await pairDevice(ingest)
}, 180_000)
afterAll(() => ingest.dispose())

test('killed 5 times in the middle of uploads, it keeps every acknowledged part and shows no partial clip', async () => {
  const seed = freshSeed()
  const { problems, acknowledgedCount } = await killRounds({ ingest, device, random: seededRandom(seed), killCount: 5 })
  expect(problems, `seed ${seed}`).toEqual([])
  expect(acknowledgedCount, `seed ${seed}`).toBeGreaterThan(0)
}, 600_000)

// Parts do not come through the program where the store is a bucket.
if (!onS3())
  test('a stop by SIGTERM lets an upload in flight end, and exits with 0', async () => {
    const bytes = someBytes(20 * mib)
    const { id, urls } = await createFixed(device, bytes, { name: 'drain.mp4', parts: 1 })
    const goOn = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, mib))
        await goOn.promise
        controller.enqueue(bytes.subarray(mib))
        controller.close()
      },
    })
    const put = fetch(urls[0] ?? '', {
      method: 'PUT',
      headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(bytes.length) },
      body,
      duplex: 'half',
    })
    await until('the part is being written', async () =>
      (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${id}.data`),
    )
    const ended = ingest.terminate()
    goOn.resolve()
    expect((await put).status).toBe(200)
    expect(await ended).toBe(0)
    await ingest.start()
    await untilStatus(device, id, 'available')
    expect(ingest.output()).not.toMatch(/signature=|Bearer/)
  }, 180_000)
