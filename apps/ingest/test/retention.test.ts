import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { emptyTrash, trashClips } from '@rushes/fleet'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findTools } from '../src/media/find-tools.ts'
import { type Bytes, createFixed, putPart, someBytes, statusOf, untilStatus, visibleFiles } from './support/clips.ts'
import { ana, type Device, pairDevice } from './support/pair.ts'
import { onS3 } from './support/test-bucket.ts'
import { operatorCookie, startTestIngest, type TestIngest, viewerCookie } from './support/test-ingest.ts'
import { until } from './support/until.ts'

const run = promisify(execFile)
const cage = await findTools(pino({ level: 'silent' }))
const quick = { mediaEveryMs: 50, removalsEveryMs: 50, retentionEveryMs: 50 }

let ingest: TestIngest
let device: Device
beforeAll(async () => {
  ingest = await startTestIngest({ cage, limits: quick })
  device = await pairDevice(ingest)
})
afterAll(() => ingest.stop())

const upload = async (bytes: Bytes, name: string) => {
  const asset = await createFixed(device, bytes, { name, parts: 1 })
  await putPart(asset.urls[0] ?? '', bytes)
  await untilStatus(device, asset.id, 'available')
  return asset.id
}
const by = () => ({ db: ingest.database.db, now: new Date(), actor: ana })
const trash = (assetId: string) => trashClips(by(), { assetIds: [assetId], reason: null })
const query = async (sql: string, assetId: string) => (await ingest.database.pool.query(sql, [assetId])).rows[0]
const days = (count: number, assetId: string) =>
  query(`update clip_trash set trashed_at = now() - interval '${count} days' where asset_id = $1`, assetId)
const trashRow = (assetId: string) => query('select * from clip_trash where asset_id = $1', assetId)
const mediaRow = (assetId: string) => query('select * from clip_media where asset_id = $1', assetId)
const storedAs = async (name: string) => (await ingest.stored.names()).filter((path) => path.endsWith(name))
const derivedFiles = async () =>
  (await ingest.bucket?.keys())?.filter((key) => key.startsWith('derived/')) ??
  (await readdir(join(ingest.dir, '.rushes-derived'), { recursive: true }).catch(() => [])).filter((path) =>
    path.includes('.poster'),
  )
const poster = (assetId: string, cookie: string, search = '') =>
  fetch(`${ingest.url}/clips/${assetId}/poster${search}`, { headers: { cookie } })

describe('a clip in the trash', () => {
  test('stays stored until its days are over, and is removed from the store then, while its device hears no other than before', async () => {
    const id = await upload(someBytes(1_000), 'kept.mp4')
    const before = await statusOf(device, id)
    await trash(id)
    await ingest.database.pool.query(
      "update clip_trash set trashed_at = now() - interval '29 days 23 hours' where asset_id = $1",
      [id],
    )
    const other = await upload(someBytes(1_000), 'over.mp4')
    await trash(other)
    await days(30, other)
    await until('the other is removed', async () => (await trashRow(other))?.state === 'removed')
    expect(await storedAs('over.mp4')).toEqual([])
    expect(await storedAs('kept.mp4')).toHaveLength(1)
    expect((await trashRow(id))?.state).toBe('trashed')
    expect(await statusOf(device, other)).toEqual({ ...before, id: other })
    expect(
      (await fetch(`${ingest.url}/clips/${other}/content?view=trash`, { headers: { cookie: operatorCookie } })).status,
    ).toBe(404)
  })

  test('whose file is gone already is removed all the same', async () => {
    const id = await upload(someBytes(1_000), 'gone.mp4')
    await ingest.stored.replace('gone.mp4', null)
    await trash(id)
    await days(31, id)
    await until('it is removed', async () => (await trashRow(id))?.state === 'removed')
  })

  test('that was given up before a stop is removed after the start, and its neighbours stay', async () => {
    const [first, second] = [await upload(someBytes(1_000), 'first.mp4'), await upload(someBytes(1_000), 'second.mp4')]
    await ingest.whileStopped(async () => {
      await trash(first)
      const emptied = await emptyTrash(by(), {
        projectId: ingest.projectId,
        clipCount: await inTrashCount(),
        asOf: new Date(),
        reason: null,
      })
      expect(emptied.kind).toBe('emptied')
    })
    await until('it is removed', async () => (await trashRow(first))?.state === 'removed')
    expect(await storedAs('first.mp4')).toEqual([])
    expect(await storedAs('second.mp4')).toHaveLength(1)
    expect((await fetch(`${ingest.url}/clips/${second}/content`, { headers: { cookie: viewerCookie } })).status).toBe(
      200,
    )
  })

  // A bucket has nothing that could stand in the way.
  if (!onS3())
    test('that cannot be removed says why, without telling paths, stays given up, and goes once it can be', async () => {
      const id = await upload(someBytes(1_000), 'stuck.mp4')
      const path = join(ingest.dir, (await visibleFiles(ingest.dir)).find((file) => file.endsWith('stuck.mp4')) ?? '')
      await rm(path)
      await mkdir(path)
      await trash(id)
      await days(31, id)
      const row = await until('it failed', async () => ((await trashRow(id))?.last_error ? trashRow(id) : null))
      expect(row).toMatchObject({
        state: 'removing',
        attempts: 1,
        last_error: expect.stringMatching(/^E(ISDIR|PERM): /),
      })
      expect(row?.last_error).not.toContain(ingest.dir)
      await rmdir(path)
      await ingest.database.pool.query('update clip_trash set not_before = null where asset_id = $1', [id])
      await until('it is removed', async () => (await trashRow(id))?.state === 'removed')
    })
})

const inTrashCount = async () =>
  Number((await ingest.database.pool.query("select count(*) from clip_trash where state = 'trashed'")).rows[0]?.count)

describe.skipIf(cage === null)('looking into clips (needs ffmpeg)', () => {
  let dir: string
  let movie: Bytes
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rushes-movie-'))
    const path = join(dir, 'a.mov')
    await run('ffmpeg', [
      ...['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=24:duration=2'],
      ...['-c:v', 'mjpeg', path],
    ])
    movie = Buffer.from(await readFile(path))
  })
  afterAll(() => rm(dir, { recursive: true }))
  const untilExamined = (id: string) =>
    until('it was looked into', async () => ['done', 'failed', 'none'].includes((await mediaRow(id))?.state))

  test('gives a clip its facts and a poster, which is hidden in the store and goes with the clip', async () => {
    const id = await upload(movie, 'movie.mov')
    await untilExamined(id)
    expect(await mediaRow(id)).toMatchObject({
      state: 'done',
      has_poster: true,
      width: 640,
      height: 360,
      frames_per_second: 24,
      attempts: 1,
    })
    const response = await poster(id, viewerCookie)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-security-policy': 'sandbox',
      'cache-control': 'private, max-age=300',
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    expect([response.status, bytes.readUInt16BE(0)]).toEqual([200, 0xffd8])
    expect((await fetch(`${ingest.url}/clips/${id}/poster`)).status).toBe(401)
    expect((await storedAs('.poster')).length).toBe(0)
    expect((await derivedFiles()).filter((path) => path.includes(id))).toHaveLength(1)

    await trash(id)
    expect((await poster(id, viewerCookie)).status).toBe(404)
    expect((await poster(id, operatorCookie, '?view=trash')).status).toBe(200)
    await days(31, id)
    await until('it is removed', async () => (await trashRow(id))?.state === 'removed')
    expect((await derivedFiles()).filter((path) => path.includes(id))).toEqual([])
    expect((await poster(id, operatorCookie, '?view=trash')).status).toBe(404)
  })

  test('that are no media is given up after a bounded number of tries, and they are played as before', async () => {
    const id = await upload(someBytes(5_000), 'noise.mp4')
    for (const attempt of [1, 2])
      await until(`try ${attempt} has failed`, async () => {
        const row = await mediaRow(id)
        if (row?.attempts !== attempt || row.last_error === null) return false
        await ingest.database.pool.query(
          'update clip_media set not_before = null, last_error = null where asset_id = $1',
          [id],
        )
        return true
      })
    await untilExamined(id)
    expect(await mediaRow(id)).toMatchObject({ state: 'failed', attempts: 3, has_poster: false })
    expect((await poster(id, viewerCookie)).status).toBe(404)
    expect((await fetch(`${ingest.url}/clips/${id}/content`, { headers: { cookie: viewerCookie } })).status).toBe(200)
  })

  test('of a kind that nobody can look into asks no program', async () => {
    const asset = await createFixed(device, someBytes(100), {
      name: 'a.r3d',
      filetype: 'application/octet-stream',
      parts: 1,
    })
    await putPart(asset.urls[0] ?? '', someBytes(100), { 'content-type': 'application/octet-stream' })
    await untilStatus(device, asset.id, 'available')
    await untilExamined(asset.id)
    expect(await mediaRow(asset.id)).toMatchObject({ state: 'none', last_error: null })
  })

  test('is left alone where the programs are missing', async () => {
    await using without = await startTestIngest({ cage: null, limits: quick })
    const camera = await pairDevice(without)
    const asset = await createFixed(camera, someBytes(100), { name: 'b.mp4', parts: 1 })
    await putPart(asset.urls[0] ?? '', someBytes(100))
    await untilStatus(camera, asset.id, 'available')
    await without.restart()
    const { rows } = await without.database.pool.query('select state, attempts from clip_media')
    expect(rows).toEqual([{ state: 'waiting', attempts: 0 }])
  })
})
