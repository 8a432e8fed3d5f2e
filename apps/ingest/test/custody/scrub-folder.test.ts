import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askScrub } from '@rushes/fleet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, putPart, someBytes, split, untilVerified, visibleFiles, xxh64Of } from '../support/clips.ts'
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
/** A clip that the device vouches for, and the path of its file. */
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
  const file = (await visibleFiles(ingest.dir)).find((path) => path.endsWith(name)) ?? 'none'
  return { id, path: join(ingest.dir, file) }
}

const check = (assetId: string) => askScrub({ db: ingest.database.db, now, actor: ana }, { assetId })

async function flipLastByte(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await writeFile(path, bytes)
}

test('a file that changed since it was verified is found when its clip is checked again, and its return too', async () => {
  const clip = await verifiedClip()
  await rename(clip.path, `${clip.path}.away`)
  await check(clip.id)
  expect(await untilVerified(device, clip.id, 'mismatch')).toMatchObject({ mismatch: 1 })
  await rename(`${clip.path}.away`, clip.path)
  await check(clip.id)
  await untilVerified(device, clip.id, 'verified')
  await flipLastByte(clip.path)
  await check(clip.id)
  expect(await untilVerified(device, clip.id, 'mismatch')).toMatchObject({ mismatch: 2 })
})

test('and by the timetable, without anybody asking', async () => {
  const clip = await verifiedClip()
  await flipLastByte(clip.path)
  now = new Date(now.getTime() + 31 * 86_400_000)
  const found = await until('the clip is read again', async () => {
    const { rows } = await ingest.database.pool.query(
      'select custody, first_mismatch_number as part, mismatch_because as because from assets where id = $1',
      [clip.id],
    )
    return rows[0]?.custody !== 'verified' && rows[0]
  })
  expect(found).toEqual({ custody: 'mismatch', part: 2, because: 'changed' })
})
