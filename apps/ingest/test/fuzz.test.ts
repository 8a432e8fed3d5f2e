import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { freshSeed } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { attack } from './fuzz/campaign.ts'
import { createFixed, putPart, someBytes, untilStatus } from './support/clips.ts'
import { pairDevice } from './support/pair.ts'
import { startTestIngest } from './support/test-ingest.ts'

test('whatever is sent is answered with a documented status and shape, nothing of the inside shows, and work goes on', async () => {
  await using ingest = await startTestIngest({ config: { trustedProxies: ['127.0.0.1'] } })
  const devices = [await pairDevice(ingest), await pairDevice(ingest), await pairDevice(ingest)]
  const seed = freshSeed()
  console.log(`seed ${seed}`)
  const beside = await readdir(dirname(ingest.dir))
  const result = await attack({ url: ingest.url, devices, seed, requestCount: 2_000, concurrency: 8 })
  expect(result.problem, `seed ${seed}`).toBeNull()
  expect(ingest.logLines.filter((line) => /a request failed|could not be taken in/.test(line))).toEqual([])
  // Each kind of answer came at all: the requests are not all turned away at the door.
  for (const status of [200, 400, 401, 403, 404]) expect(Object.keys(result.statuses)).toContain(String(status))

  const device = await pairDevice(ingest)
  const bytes = someBytes(1_000, seed)
  const { id, urls } = await createFixed(device, bytes, { name: 'after.mp4' })
  expect((await putPart(urls[0] ?? '', bytes)).status).toBe(200)
  await untilStatus(device, id, 'available')
  const outside = (await readdir(dirname(ingest.dir))).filter((name) => !beside.includes(name))
  expect(outside.filter((name) => !name.startsWith('rushes-'))).toEqual([])
  expect(await readdir(join(ingest.dir))).not.toContain('etc')
})
