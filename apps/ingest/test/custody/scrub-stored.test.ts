import { askScrub } from '@rushes/fleet'
import { freePort } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, untilVerified, xxh64Of } from '../support/clips.ts'
import { ana, type Device, pairDevice, send } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

let ingest: TestIngest
let device: Device
let now: Date
beforeAll(async () => {
  now = new Date()
  ingest = await startTestIngest({
    limits: { scrubPollMs: 50, scrubSettleMs: 0 },
    config: { scrub: { everyDays: 30, bytesPerSecond: 100 * mib }, metricsPort: await freePort() },
    clock: () => now,
  })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

let nth = 0
/** A clip that the device vouches for. */
async function verifiedClip() {
  nth += 1
  const name = `scrub-${nth}.mp4`
  const bytes = someBytes(12 * mib + 5, nth)
  const { id, urls } = await createFixed(device, bytes, { name, parts: 2 })
  let offset = 0
  const parts = split(bytes, 2).map((piece, index) => {
    const part = { number: index + 1, offset, size: piece.length, xxh64: xxh64Of(piece) }
    offset += piece.length
    return { ...part, piece }
  })
  for (const [index, { piece }] of parts.entries()) await putPart(urls[index] ?? '', piece)
  await device.call('PUT', `/v2/devices/assets/${id}/custody`, { parts: parts.map(({ piece: _, ...part }) => part) })
  await untilVerified(device, id, 'verified')
  return { id, name, bytes }
}

const check = (assetId: string) => askScrub({ db: ingest.database.db, now, actor: ana }, { assetId })

/** The same length, but for its last byte. */
const spoilt = (bytes: Buffer) => Buffer.from(bytes).fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)

test('a clip that changed in the store since it was verified, or is gone, is found when it is checked again, and its return too', async () => {
  const clip = await verifiedClip()
  await ingest.stored.replace(clip.name, spoilt(clip.bytes))
  await check(clip.id)
  expect(await untilVerified(device, clip.id, 'mismatch')).toMatchObject({ mismatch: 2 })
  await ingest.stored.replace(clip.name, clip.bytes)
  await check(clip.id)
  await untilVerified(device, clip.id, 'verified')
  await ingest.stored.replace(clip.name, null)
  await check(clip.id)
  expect(await untilVerified(device, clip.id, 'mismatch')).toMatchObject({ mismatch: 1 })
  expect(await found(clip.id)).toMatchObject({ because: 'gone' })
})

test('how much was read, what was found, and how far the timetable is behind are among the metrics', async () => {
  const figure = async (line: string) => {
    const { text } = await send('GET', `http://127.0.0.1:${ingest.config.metricsPort}/metrics`)
    const found = text.split('\n').find((one) => one.startsWith(`${line} `))
    return Number(found?.split(' ').at(-1))
  }
  const clip = await verifiedClip()
  const before = await figure('rushes_ingest_scrub_bytes_total')
  await check(clip.id)
  await until(
    'its bytes are counted',
    async () => (await figure('rushes_ingest_scrub_bytes_total')) >= before + clip.bytes.length,
  )
  await until('a sound clip is counted', async () => (await figure('rushes_ingest_scrubs_total{result="sound"}')) > 0)
  // Of the test above.
  expect(await figure('rushes_ingest_scrubs_total{result="mismatch"}')).toBeGreaterThan(0)
  const age = 'rushes_ingest_oldest_check_age_seconds'
  await until('nothing is behind', async () => (await figure(age)) < 3_600)
  now = new Date(now.getTime() + 6 * 3_600_000) // not so long that the device has to refresh its tokens
  await until('the oldest check is six hours old', async () => (await figure(age)) >= 6 * 3_600)
})

test('a clip that changed is found by the timetable too, without anybody asking', async () => {
  const clip = await verifiedClip()
  await ingest.stored.replace(clip.name, spoilt(clip.bytes))
  now = new Date(now.getTime() + 31 * 86_400_000)
  const wrong = await until('the clip is read again', async () => {
    const clipNow = await found(clip.id)
    return clipNow.custody !== 'verified' && clipNow
  })
  expect(wrong).toEqual({ custody: 'mismatch', part: 2, because: 'changed' })
})

async function found(assetId: string) {
  const { rows } = await ingest.database.pool.query(
    'select custody, first_mismatch_number as part, mismatch_because as because from assets where id = $1',
    [assetId],
  )
  return rows[0]
}
