import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshSeed } from '@rushes/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { attack } from './fuzz/campaign.ts'
import { createFixed, putPart, someBytes, untilStatus } from './support/clips.ts'
import { pairDevice } from './support/pair.ts'
import { startTestIngest } from './support/test-ingest.ts'

test('whatever is sent is answered with a documented status and shape, nothing of the inside shows, and work goes on', async () => {
  // Around the store nobody else writes, so that whatever leaves it is seen.
  const around = await mkdtemp(join(tmpdir(), 'rushes-fuzz-'))
  onTestFinished(() => rm(around, { recursive: true, force: true }))
  const dir = join(around, 'store')
  await mkdir(dir)
  await using ingest = await startTestIngest({ dir, config: { trustedProxies: ['127.0.0.1'] } })
  const devices = [await pairDevice(ingest), await pairDevice(ingest), await pairDevice(ingest)]
  const seed = freshSeed()
  console.log(`seed ${seed}`)
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
  expect(await readdir(around)).toEqual(['store'])
  expect(await readdir(dir)).not.toContain('etc')
})
