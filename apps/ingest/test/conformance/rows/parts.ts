import { request as httpRequest } from 'node:http'
import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import { createRealtime, putPart, requestParts, someBytes, statusOf, untilStatus } from '../../support/clips.ts'
import { startPut } from '../../support/start-put.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { Topic } from '../topics.ts'
import type { World } from '../world.ts'
import { signedParts } from './signed-parts.ts'

const { small, put } = signedParts
type Small = Awaited<ReturnType<typeof small>>

const refused = (
  what: string,
  status: number,
  code: string,
  send: (clip: Small, at: World) => Sent,
  topics: Topic[] = [],
) =>
  row({
    title: `a part ${what}`,
    topics: ['putPart', 'errorShapes', ...topics],
    given: small,
    send: (at, clip) => send(clip, at),
    expect: { status, code, headers: { 'content-type': 'application/xml' } },
    after: async (at, { id }) => expect((await statusOf(at.device, id)).missing).toEqual([1]),
  })

const tampered = (what: string, tamper: (url: string) => string, code = 'SignatureDoesNotMatch') =>
  refused(`by a URL with ${what}`, 403, code, ({ url, bytes }) => put(tamper(url), bytes), ['noEmulator'])

export const partRows: Row[] = [
  row({
    title: 'a part, as registered',
    topics: ['putPart'],
    given: small,
    send: (_at, { url, bytes }) => put(url, bytes),
    expect: { status: 200, body: '', headers: { etag: expect.stringMatching(/^"[0-9a-f]{16}"$/) } },
    after: async (at, { id }) => void (await untilStatus(at.device, id, 'available')),
  }),
  row({
    title: 'the same part once more, after the clip is whole',
    topics: ['putPart'],
    given: async (at) => {
      const clip = await small(at)
      await exchange(at, put(clip.url, clip.bytes))
      await untilStatus(at.device, clip.id, 'available')
      return clip
    },
    send: (_at, { url, bytes }) => put(url, bytes),
    expect: { status: 200 },
  }),
  row({
    title: 'other bytes for the same part, after the clip is whole',
    topics: ['putPart'],
    given: async (at) => {
      const clip = await small(at)
      await exchange(at, put(clip.url, clip.bytes))
      await untilStatus(at.device, clip.id, 'available')
      return clip
    },
    send: (_at, { url, bytes }) => put(url, someBytes(bytes.length, 99)),
    expect: { status: 404, code: 'NoSuchUpload' },
  }),
  row({
    title: 'a part by the URL before the newest',
    topics: ['putPart', 'realtimeParts'],
    given: async (at) => {
      const { id } = await createRealtime(at.device)
      const register = () =>
        requestParts(at.device, id, [{ number: 1, size: 5, is_final: true }], { asset_filesize: 5 })
      const [stale = ''] = await register()
      const [fresh = ''] = await register()
      return { id, stale, fresh }
    },
    send: (_at, { stale }) => put(stale, 'bytes'),
    expect: { status: 403, code: 'AccessDenied' },
    after: async (at, { id, fresh }) => {
      expect((await putPart(fresh, Buffer.from('bytes'))).status).toBe(200)
      await untilStatus(at.device, id, 'available')
    },
  }),
  row({
    title: 'a part by a URL that is 24 hours old',
    topics: ['putPart', 'urlsDieAfterADay'],
    given: small,
    send: (at, { url, bytes }) => {
      at.aheadMs = 86_400_000
      return put(url, bytes)
    },
    expect: { status: 403, code: 'AccessDenied' },
    after: async (at, { id, url, bytes }, reply) => {
      expect(reply.text).toContain('<Message>Request has expired</Message>') // the words that devices look for
      at.aheadMs = 86_400_000 - 5_000
      expect((await exchange(at, put(url, bytes))).status).toBe(200)
      at.aheadMs = 0
      await untilStatus(at.device, id, 'available')
    },
  }),
  row({
    title: 'a part of a growing clip whose URL ran out, by one that is asked for anew',
    topics: ['urlsDieAfterADay', 'realtimeParts'],
    given: async (at) => {
      const { id } = await createRealtime(at.device)
      const final = { asset_filesize: 5 }
      const [old = ''] = await requestParts(at.device, id, [{ number: 1, size: 5, is_final: true }], final)
      at.aheadMs = 2 * 3_600_000
      const [fresh = ''] = await requestParts(at.device, id, [{ number: 1, size: 5, is_final: true }], final)
      at.aheadMs = 86_400_000 + 3_600_000
      expect((await putPart(old, Buffer.from('bytes'))).status).toBe(403)
      return fresh
    },
    send: (_at, fresh) => put(fresh, 'bytes'),
    expect: { status: 200 },
    after: async (at) => {
      at.aheadMs = 0
    },
  }),

  tampered('another number', (url) => url.replace(/\/1\/1\?/, '/2/1?')),
  tampered('another generation', (url) => url.replace(/\/1\/1\?/, '/1/2?')),
  tampered('another clip', (url) => url.replace(/parts\/[0-9a-f-]{36}/, `parts/${crypto.randomUUID()}`)),
  tampered('a longer life', (url) => url.replace(/expires=\d+/, 'expires=9999999999')),
  tampered('another signature', (url) => url.replace(/signature=.{4}/, 'signature=AAAA')),
  tampered('junk after the signature', (url) => `${url}!`),
  tampered('no signature', (url) => url.replace(/&signature.*/, ''), 'AccessDenied'),
  tampered('no query', (url) => url.replace(/\?.*/, ''), 'AccessDenied'),
  tampered('the signature twice', (url) => `${url}&signature=x`, 'AccessDenied'),
  tampered('a number that is none', (url) => url.replace(/\/1\/1\?/, '/0/1?'), 'AccessDenied'),

  refused(
    'with another content type',
    403,
    'SignatureDoesNotMatch',
    ({ url, bytes }) => put(url, bytes, { 'content-type': 'video/quicktime' }),
    ['strictPuts'],
  ),
  refused(
    'with a content type that is none',
    403,
    'SignatureDoesNotMatch',
    ({ url, bytes }) => put(url, bytes, { 'content-type': '?' }),
    ['strictPuts'],
  ),
  refused(
    'with another ACL',
    403,
    'SignatureDoesNotMatch',
    ({ url, bytes }) => put(url, bytes, { 'x-amz-acl': 'public-read' }),
    ['strictPuts'],
  ),
  refused(
    'without the signed headers',
    403,
    'SignatureDoesNotMatch',
    ({ url, bytes }) => ({ to: `PUT ${url}`, raw: bytes }),
    ['strictPuts'],
  ),
  refused(
    'with an access token besides',
    400,
    'InvalidArgument',
    ({ url, bytes }, { device }) => ({ ...put(url, bytes), as: device }),
    ['strictPuts'],
  ),
  refused(
    'with an x-amz header that was not signed',
    403,
    'AccessDenied',
    ({ url, bytes }) => put(url, bytes, { 'x-amz-meta-scene': '7' }),
    ['strictPuts'],
  ),
  refused('that is shorter than registered', 400, 'IncompleteBody', ({ url, bytes }) => put(url, bytes.subarray(1)), [
    'noEmulator',
  ]),
  refused(
    'that is longer than registered',
    400,
    'EntityTooLarge',
    ({ url, bytes }) => put(url, Buffer.concat([bytes, bytes])),
    ['noEmulator'],
  ),
  refused('that is empty', 400, 'IncompleteBody', ({ url }) => put(url, ''), ['noEmptyUploads']),

  row({
    title: 'a part that took longer than any other body may',
    topics: ['noFlatDeadline', 'putPart'],
    given: async (at) => {
      const clip = await small(at)
      const { request, status } = startPut(clip.url, clip.bytes.length)
      await new Promise((resolve) => request.write(clip.bytes.subarray(0, 1), resolve))
      // Begun later, and given up by now: its time has passed for the part as well.
      const headers = { 'content-type': 'application/json', 'content-length': 9 }
      const other = httpRequest(`${at.ingest.url}/v2/auth/token`, { method: 'POST', headers })
      other.on('error', () => undefined) // that is what is waited for
      other.write('x')
      await new Promise((resolve) => other.once('close', resolve))
      request.end(clip.bytes.subarray(1))
      expect(await status).toBe(200)
      return clip
    },
    send: (at, { id }) => ({ to: `GET /v2/devices/assets/${id}`, as: at.device }),
    expect: { status: 200, has: { missing: [] } },
  }),
  row({
    title: 'a part of a clip that is not there',
    topics: ['putPart'],
    send: (at) => put(at.signedUrl({ assetId: crypto.randomUUID() }), 'bytes'),
    expect: { status: 404, code: 'NoSuchUpload' },
  }),
  row({
    title: 'a part posted rather than put',
    topics: ['putPart', 'transport'],
    given: small,
    send: (at, { url, bytes }) => ({ ...put(url, bytes), to: `POST ${url.slice(at.ingest.url.length)}` }),
    expect: { status: 404, body: c2cErrors.notFound, headers: { 'content-type': 'application/json; charset=utf-8' } },
  }),
]
