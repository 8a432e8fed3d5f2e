import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pauseSharing } from '@rushes/fleet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { someBytes, untilStatus } from './support/clips.ts'
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
  await writeFile(join(home, 'C2C_TEST_CLIP.mp4'), bytes)
})
afterAll(async () => {
  await ingest.stop()
  await rm(home, { recursive: true })
})

/** A shell script as the guides print them, but for host, token and the place of the clip. */
async function shell(script: string, values: Record<string, string> = {}): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOST: ingest.url,
    TOKEN: device.accessToken,
    CLIP: join(home, 'C2C_TEST_CLIP.mp4'),
    ...values,
  }
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    env,
    cwd: home,
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

const apiCall = (path: string, json: string) => `
curl -sS -X POST "$HOST${path}" \\
--header "Authorization: Bearer $TOKEN" \\
--header 'Content-Type: application/json' \\
--header 'x-client-version: 2.0.0' \\
--data-binary @- <<'__JSON__'
${json}
__JSON__
`
const create = (json: string) => apiCall('/v2/devices/assets', json)
const put = (source: string, url: string) => `
${source} | \\
curl -sS -X PUT "${url}" \\
--include \\
--header 'content-type: video/mp4' \\
--header 'x-amz-acl: private' \\
--data-binary @-
`

test('basic upload: create, then a PUT of each half', async () => {
  const asset = JSON.parse(
    await shell(create('{"name": "C2C_TEST_CLIP.mp4", "filetype": "video/mp4", "filesize": 21136250, "offset": 10}')),
  )
  expect(asset.upload_urls).toHaveLength(2)
  const [one, two] = asset.upload_urls
  expect(await shell(put('head -c 10568125 "$CLIP"', '$URL'), { URL: one })).toMatch(/HTTP\/1\.1 200 OK/)
  expect(await shell(put('tail -c 10568125 "$CLIP"', '$URL'), { URL: two })).toMatch(/HTTP\/1\.1 200 OK/)
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read('C2C_TEST_CLIP.mp4'))).toBe(true)
})

test('advanced upload: both chunks over one connection, then the same URLs again in parallel', async () => {
  const asset = JSON.parse(
    await shell(create('{"name": "ONE_CONNECTION.mp4", "filetype": "video/mp4", "filesize": 21136250, "offset": 0}')),
  )
  const [ONE, TWO] = asset.upload_urls
  await shell('head -c 10568125 "$CLIP" > Chunk01; tail -c 10568125 "$CLIP" > Chunk02')
  const headers = "--include --header 'content-type: video/mp4' --header 'x-amz-acl: private' --data-binary"
  const both = await shell(`curl -sS -X PUT "$ONE" ${headers} @Chunk01 --next -sS -X PUT "$TWO" ${headers} @Chunk02`, {
    ONE,
    TWO,
  })
  expect(both.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read('ONE_CONNECTION.mp4'))).toBe(true)
  if (ingest.bucket !== null) return // a bucket forgets an upload that is complete: the same URLs answer 404 there
  const parallel = await shell(
    `curl -sS -X PUT "$ONE" ${headers} @Chunk01 > a & curl -sS -X PUT "$TWO" ${headers} @Chunk02 > b & wait; cat a b`,
    { ONE, TWO },
  )
  expect(parallel.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  expect(bytes.equals(await ingest.stored.read('ONE_CONNECTION.mp4'))).toBe(true)
})

test('advanced upload: four parts on request, a channel, a negative offset, and a plan that cannot be', async () => {
  const four = JSON.parse(
    await shell(
      create(
        '{"name": "F.mp4", "filetype": "video/mp4", "filesize": 21136250, "offset": -10, "channel": 2, "parts": 4}',
      ),
    ),
  )
  expect(four.upload_urls).toHaveLength(4)
  const impossible = JSON.parse(
    await shell(create('{"name": "F.mp4", "filetype": "video/mp4", "filesize": 21136250, "offset": 0, "parts": 5}')),
  )
  expect(impossible).toEqual({
    code: 500,
    errors: [
      { code: 500, detail: 'There was a problem with your request', status: 500, title: 'Something went wrong' },
    ],
    message: 'Something went wrong',
  })
})

test('real-time upload: an extension, the first half, then the final one with its name', async () => {
  const asset = JSON.parse(
    await shell(create('{"extension": ".mp4", "filetype": "video/mp4", "is_realtime_upload": true}')),
  )
  expect(asset).toEqual({ id: asset.id, name: '[new file].mp4' })
  const parts = `/v2/devices/assets/${asset.id}/realtime_upload/parts`
  const first = JSON.parse(
    await shell(apiCall(parts, '{"parts": [{"number": 1, "size": 10568125, "is_final": false}]}')),
  )
  expect(await shell(put('head -c 10568125 "$CLIP"', '$URL'), { URL: first.upload_urls[0] })).toMatch(/200 OK/)
  const second = JSON.parse(
    await shell(
      apiCall(
        parts,
        '{"asset_name": "REALTIME.mp4", "asset_filesize": 21136250, "parts": [{"number": 2, "size": 10568125, "is_final": true}]}',
      ),
    ),
  )
  expect(await shell(put('tail -c 10568125 "$CLIP"', '$URL'), { URL: second.upload_urls[0] })).toMatch(/200 OK/)
  await untilStatus(device, asset.id, 'available')
  expect(bytes.equals(await ingest.stored.read('REALTIME.mp4'))).toBe(true)
  expect((await readFile(join(home, 'C2C_TEST_CLIP.mp4'))).equals(bytes)).toBe(true)
})

test('pairing by form: a code, a poll that waits', async () => {
  const asked = JSON.parse(
    await shell(
      `curl -sS -X POST "$HOST/v2/auth/device/code" --header 'x-client-version: 2.0.0' --form 'client_id=CAM-9' --form 'client_secret=the-secret-of-all-units' --form 'scope=asset_create offline'`,
    ),
  )
  expect(asked.user_code).toMatch(/^\d{6}$/)
  const poll = await shell(
    `curl -sS -X POST "$HOST/v2/auth/token" --form 'grant_type=urn:ietf:params:oauth:grant-type:device_code' --form "device_code=$CODE" --form 'client_id=CAM-9' --form 'client_secret=the-secret-of-all-units'`,
    { CODE: asked.device_code },
  )
  expect(JSON.parse(poll)).toEqual({ error: 'authorization_pending' })
})

test('a paused device is told so in the words of the guide', async () => {
  await pauseSharing({ db: ingest.database.db, now: new Date(), actor: ana }, { deviceId: device.id })
  const reply = await shell(create('{"name": "P.mp4", "filetype": "video/mp4", "filesize": 21136250, "offset": 0}'))
  expect(JSON.parse(reply)).toEqual({
    code: 409,
    errors: [
      {
        code: 409,
        detail: "The channel you're uploading from is currently paused.",
        status: 409,
        title: 'Channel Paused',
      },
    ],
    message: 'Channel Paused',
  })
})
