import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pauseSharing, resumeSharing } from '@rushes/fleet'
import { deviceCodeResponse } from '@rushes/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { printed } from './guides/printed.ts'
import { created, someBytes, untilStatus } from './support/clips.ts'
import { ana, type Device, pairDevice } from './support/pair.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'

const run = promisify(execFile)
const bytes = someBytes(21_136_250)
let ingest: TestIngest
let device: Device
let home: string
beforeAll(async () => {
  ingest = await startTestIngest()
  device = await pairDevice(ingest)
  home = await mkdtemp(join(tmpdir(), 'rushes-guides-'))
  await mkdir(join(home, 'Downloads'))
  await writeFile(join(home, 'Downloads', 'C2C_TEST_CLIP.mp4'), bytes)
  // What `python -m json.tool` does, on machines that have no python.
  const pretty = `require('fs').writeSync(1, JSON.stringify(JSON.parse(require('fs').readFileSync(0)), null, 4))`
  await writeFile(join(home, 'python'), `#!/bin/sh\nexec '${process.execPath}' -e "${pretty}"\n`)
  await chmod(join(home, 'python'), 0o755)
})
afterAll(async () => {
  await ingest.stop()
  await rm(home, { recursive: true })
})

/** Runs a script as it is printed, but for host, token and what the answers before gave. */
async function shell(script: string, values: Record<string, string> = {}): Promise<string> {
  let text = script.replaceAll('https://api.frame.io', ingest.url).replaceAll('[access_token]', device.accessToken)
  for (const [placeholder, value] of Object.entries(values)) text = text.replaceAll(placeholder, value)
  const env = { PATH: `${home}:${process.env.PATH}`, HOME: home }
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', text], {
    env,
    cwd: home,
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}
const json = async (script: string, values: Record<string, string> = {}): Promise<unknown> =>
  JSON.parse(await shell(script, values))

const store = 'https://frameio-uploads-production.s3-accelerate.amazonaws.com/parts/'
/** A signed URL has an ampersand in it, which a shell must not see. */
const at = (...paths: [path: string, url: string | undefined][]) =>
  Object.fromEntries(paths.map(([path, url]) => [`${store}[${path}]`, `'${url}'`]))
const oks = (output: string) => output.match(/HTTP\/1\.1 200 OK/g)?.length ?? 0

/** The clip of the guides, registered anew, with the placeholders of its two URLs. */
async function asset(first = 'part-1-path', second = 'part-2-path') {
  const body = created.parse(await json(printed.create))
  expect(body.upload_urls).toHaveLength(2)
  return { id: body.id, urls: at([first, body.upload_urls?.[0]], [second, body.upload_urls?.[1]]) }
}
async function arrives(id: string) {
  await untilStatus(device, id, 'available')
  const { rows } = await ingest.database.pool.query('select store_key from assets where id = $1', [id])
  const key = String(rows[0]?.store_key)
  const stored = ingest.bucket === null ? readFile(join(ingest.dir, key)) : ingest.bucket.read(key)
  expect(bytes.equals(await stored)).toBe(true)
}

test('real-time uploads: the first half, then the final one', async () => {
  const body = await json(printed.createRealtime)
  const { id } = created.parse(body)
  expect(body).toEqual({ id, name: 'C2C_TEST_CLIP.mp4' })
  const first = created.partial().parse(await json(printed.firstPart, { '{asset_id}': id }))
  expect(oks(await shell(printed.putFirst, at(['part_01_path', first.upload_urls?.[0]])))).toBe(1)
  const second = created.partial().parse(await json(printed.finalPart, { '{asset_id}': id }))
  expect(oks(await shell(printed.putSecond, at(['part_02_path', second.upload_urls?.[0]])))).toBe(1)
  await arrives(id)
})

test('real-time uploads: a clip that gets its name with the final part', async () => {
  const body = await json(printed.createByExtension)
  const { id } = created.parse(body)
  expect(body).toEqual({ id, name: '[new file].mp4' })
  const first = created.partial().parse(await json(printed.firstPart, { '{asset_id}': id }))
  await shell(printed.putFirst, at(['part_01_path', first.upload_urls?.[0]]))
  const second = created.partial().parse(await json(printed.namedFinalPart, { '{asset_id}': id }))
  await shell(printed.putSecond, at(['part_02_path', second.upload_urls?.[0]]))
  await arrives(id)
  const { rows } = await ingest.database.pool.query('select name from assets where id = $1', [id])
  expect(rows).toEqual([{ name: 'C2C_TEST_CLIP.mp4' }])
})

test('advanced uploads: a device that is paused, and one that is not any more', async () => {
  const acting = (secondsAgo: number) => ({
    db: ingest.database.db,
    now: new Date(Date.now() - secondsAgo * 1_000),
    actor: ana,
  })
  await pauseSharing(acting(90), { deviceId: device.id })
  expect(await json(printed.create)).toEqual(printed.paused)
  await resumeSharing(acting(30), { deviceId: device.id })
  expect(created.parse(await json(printed.create)).upload_urls).toHaveLength(2)
  expect(await json(printed.createMinuteOld)).toEqual(printed.paused)
})

test('advanced uploads: a channel with a negative offset, four chunks, and a count that cannot be', async () => {
  expect(created.parse(await json(printed.createOnChannel)).upload_urls).toHaveLength(2)
  const four = created.parse(await json(printed.createInFour))
  expect(four.upload_urls).toHaveLength(4)
  const registered = await ingest.database.pool.query(
    'select size_bytes::integer as size from asset_parts where asset_id = $1 order by number',
    [four.id],
  )
  expect(registered.rows.map((row) => row.size)).toEqual([5_284_063, 5_284_063, 5_284_063, 5_284_061])
  expect(await json(printed.createInFour.replace('"parts": 4', '"parts": 5'))).toEqual(printed.wentWrong)
})

test('advanced uploads: chunks over one connection, over two, in parallel, and both ways for two clips at once', async () => {
  await shell(printed.chunks)
  const one = await asset()
  expect(oks(await shell(printed.oneConnection, one.urls))).toBe(2)
  await arrives(one.id)
  const two = await asset()
  expect(oks(await shell(printed.twoConnections, two.urls))).toBe(2)
  // The same URLs again. A bucket forgets an upload once it is complete: they answer 404 there.
  if (ingest.bucket === null) expect(oks(await shell(printed.oneConnection, two.urls))).toBe(2)
  await arrives(two.id)
  const parallel = await asset()
  expect(oks(await shell(printed.inParallel, parallel.urls))).toBe(2)
  await arrives(parallel.id)
  const [left, right] = [
    await asset('asset01-chunk01', 'asset01-chunk02'),
    await asset('asset02-chunk01', 'asset02-chunk02'),
  ]
  expect(oks(await shell(printed.bothWays, { ...left.urls, ...right.urls }))).toBe(4)
  await arrives(left.id)
  await arrives(right.id)
})

test('authorization: a code, and a poll that waits', async () => {
  const asked = deviceCodeResponse.parse(await json(printed.askCode))
  expect(asked.user_code).toMatch(/^\d{6}$/)
  expect(await json(printed.poll, { '[device_code]': asked.device_code })).toEqual({ error: 'authorization_pending' })
})
