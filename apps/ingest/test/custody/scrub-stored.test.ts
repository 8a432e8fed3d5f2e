import { askScrub } from '@rushes/fleet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, untilVerified, xxh64Of } from '../support/clips.ts'
import { ana, type Device, pairDevice } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

let ingest: TestIngest
let device: Device
let now: Date
beforeAll(async () => {
  now = new Date()
  ingest = await startTestIngest({
    limits: { scrubPollMs: 50 },
    config: { scrub: { everyDays: 30, bytesPerSecond: 100 * mib } },
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

test('and by the timetable, without anybody asking', async () => {
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
