/** The calls of the device API's guides as they are printed, and the answers that they print. */

const headers = `\\
--header 'Authorization: Bearer [access_token]' \\
--header 'Content-Type: application/json' \\
--header 'x-client-version: 2.0.0' \\
--data-binary @- <<'__JSON__'`

const post = (path: string, body: string) => `{
curl -X POST https://api.frame.io${path} ${headers}
${body}
__JSON__
} | python -m json.tool`

const clip = (change: string) => `{
"name": "C2C_TEST_CLIP.mp4",
"filetype": "video/mp4",
${change}
}`
const assets = '/v2/devices/assets'
const parts = '/v2/devices/assets/{asset_id}/realtime_upload/parts'
const store = 'https://frameio-uploads-production.s3-accelerate.amazonaws.com/parts'

const piped = (half: string, path: string) => `${half} ~/Downloads/C2C_TEST_CLIP.mp4 | \\
curl -X PUT ${store}/[${path}] \\
--include \\
--header 'content-type: video/mp4' \\
--header 'x-amz-acl: private' \\
--data-binary @-`

const put = (path: string, chunk: string) => `-X PUT ${store}/[${path}] \\
--include \\
--header 'content-type: video/mp4' \\
--header 'x-amz-acl: private' \\
--data-binary @C2C_TEST_CLIP-${chunk}`

const finalPart = (name: string) => `{
${name}"asset_filesize": 21136250,
"parts": [
{
"number": 2,
"size": 10568125,
"is_final": true
}
]
}`

const failure = (code: number, detail: string, title: string) => ({
  code,
  errors: [{ code, detail, status: code, title }],
  message: title,
})

export const printed = {
  // Real-time uploads
  createRealtime: post(assets, clip('"is_realtime_upload": true')),
  firstPart: post(
    parts,
    `{
"parts": [
{
"number": 1,
"size": 10568125,
"is_final": false
}
]
}`,
  ),
  putFirst: piped('head -c 10568125', 'part_01_path'),
  finalPart: post(parts, finalPart('')),
  putSecond: piped('tail -c 10568125', 'part_02_path'),
  createByExtension: post(
    assets,
    `{
"extension": ".mp4",
"filetype": "video/mp4",
"is_realtime_upload": true
}`,
  ),
  namedFinalPart: post(parts, finalPart('"asset_name": "C2C_TEST_CLIP.mp4",\n')),

  // Advanced uploads
  create: post(assets, clip('"filesize": 21136250,\n"offset": 0')),
  createMinuteOld: post(assets, clip('"filesize": 21136250,\n"offset": 60')),
  createOnChannel: post(assets, clip('"filesize": 21136250,\n"offset": -10,\n"channel": 2')),
  createInFour: post(assets, clip('"filesize": 21136250,\n"offset": 0,\n"parts": 4')),
  paused: failure(409, "The channel you're uploading from is currently paused.", 'Channel Paused'),
  wentWrong: failure(500, 'There was a problem with your request', 'Something went wrong'),
  chunks: `head -c 10568125 ~/Downloads/C2C_TEST_CLIP.mp4 > "C2C_TEST_CLIP-Chunk01"
tail -c 10568125 ~/Downloads/C2C_TEST_CLIP.mp4 > "C2C_TEST_CLIP-Chunk02"`,
  oneConnection: `curl ${put('part-1-path', 'Chunk01')} \\
--next ${put('part-2-path', 'Chunk02')}`,
  twoConnections: `curl ${put('part-1-path', 'Chunk01')} \\
&& curl ${put('part-2-path', 'Chunk02')}`,
  // What a terminal shows by itself, a script has to wait for.
  inParallel: `curl ${put('part-1-path', 'Chunk01')} \\
& \\
curl ${put('part-2-path', 'Chunk02')} \\
&
wait`,
  bothWays: `curl ${put('asset01-chunk01', 'Chunk01')} \\
--next ${put('asset01-chunk02', 'Chunk02')} \\
& \\
curl ${put('asset02-chunk01', 'Chunk01')} \\
--next ${put('asset02-chunk02', 'Chunk02')} \\
&
wait`,

  // Authorization
  askCode: `curl -X POST https://api.frame.io/v2/auth/device/code \\
--header 'x-client-version: 2.0.0' \\
--form 'client_id=CAM-9' \\
--form 'client_secret=the-secret-of-all-units' \\
--form 'scope=asset_create offline' | python -m json.tool`,
  poll: `curl -X POST https://api.frame.io/v2/auth/token \\
--header 'x-client-version: 2.0.0' \\
--form 'grant_type=urn:ietf:params:oauth:grant-type:device_code' \\
--form 'device_code=[device_code]' \\
--form 'client_id=CAM-9' \\
--form 'client_secret=the-secret-of-all-units' | python -m json.tool`,
}
