import { grantTypes } from '@rushes/protocol'
import fc from 'fast-check'
import { anything, mostly, number, piece, text } from './values.ts'

/** A request as plain data, so that a failing one can be printed and sent again. Indexes choose among what the target has. */
export type Hostile = {
  method: string
  path: string
  headers: Record<string, string>
  /** Which device's token goes along; null: none. */
  device: number | null
  body: HostileBody
  /** The same at the same time once more. */
  twice: boolean
}

export type HostileBody =
  | { kind: 'none' }
  | { kind: 'json'; value: unknown }
  | { kind: 'urlencoded' | 'multipart'; fields: Record<string, string> }
  | { kind: 'raw'; type: string; text: string }
  /** Bytes, with the length told rightly or not, or not told but chunked. */
  | { kind: 'bytes'; lengthBytes: number; chunked: boolean }

/** How many there are to choose from. */
export type Choice = { deviceCount: number; assetIds: readonly string[]; partUrls: readonly string[] }

const digest = fc.constantFrom('ef46db3751d8e999', 'EF46DB3751D8E999', 'x')
const createBody = fc.record({
  name: mostly(text),
  extension: mostly(fc.constantFrom('.mp4', 'mp4', '.a/../b', '.\n')),
  filetype: mostly(fc.constantFrom('video/mp4', 'a/b', 'x', 'video/mp4\r\nx: y')),
  filesize: mostly(number),
  is_realtime_upload: mostly(fc.boolean()),
  offset: mostly(number),
  channel: mostly(number),
  parts: mostly(number),
  // Nearly always left out: an id that is of no clip refuses whatever else there is.
  auto_version_id: mostly(fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.uuid() })),
})
const partsBody = fc.record({
  parts: mostly(
    fc.array(fc.record({ number: mostly(number), size: mostly(number), is_final: mostly(fc.boolean()) }), {
      maxLength: 4,
    }),
  ),
  asset_filesize: mostly(number),
  asset_name: mostly(text),
})
const custodyBody = fc.record({
  parts: mostly(
    fc.array(
      fc.record({ number: mostly(number), offset: mostly(number), size: mostly(number), xxh64: mostly(digest) }),
      { maxLength: 3 },
    ),
  ),
  fileXxh64: mostly(digest),
  relativePath: mostly(text),
  volumeId: mostly(text),
})
const receiptBody = fc.record({
  fromProjectId: mostly(text),
  toProjectId: mostly(text),
  clearedCount: mostly(number),
  clearedBytes: mostly(number),
  abortedCount: mostly(number),
  idsXxh64: mostly(digest),
  clearedAt: mostly(fc.constantFrom('2026-11-22T00:00:00Z', '0000-00-00', '+275760-09-13T00:00:00.001Z')),
})
const formFields = fc.dictionary(
  fc.oneof(
    fc.constantFrom('client_id', 'client_secret', 'scope', 'grant_type', 'device_code', 'refresh_token', 'token'),
    fc.constantFrom('device_secret', 'rushes_device_name', 'rushes_upload_to', 'refresh_tokem', '__proto__'),
    text,
  ),
  fc.oneof(
    fc.constantFrom(
      'rushes-agent-x',
      'rushes-agent-\0',
      'the-secret-of-all-units',
      'asset_create offline',
      ...Object.values(grantTypes),
    ),
    text,
  ),
  { maxKeys: 8 },
)
const json = (arbitrary: fc.Arbitrary<unknown>) => arbitrary.map((value): HostileBody => ({ kind: 'json', value }))
const form: fc.Arbitrary<HostileBody> = fc.oneof(
  formFields.map((fields): HostileBody => ({ kind: 'urlencoded', fields })),
  formFields.map((fields): HostileBody => ({ kind: 'multipart', fields })),
  json(formFields),
)
const junk: fc.Arbitrary<HostileBody> = fc.record({
  kind: fc.constant('raw' as const),
  type: fc.constantFrom(
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'x',
    '',
  ),
  text: fc.oneof(text, fc.constantFrom('{', '[]', '--x\r\n\r\n--x--', 'null', '"\\ud800"', '[['.repeat(2_000))),
})
const nothing = fc.constant<HostileBody>({ kind: 'none' })

/** Where a list of clips may begin: at the ends of calendars, after what is no clip. */
const pageEdge = fc.constantFrom(
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '-000001-01-01T00:00:00Z'],
  ...[`1.${'-'.repeat(36)}`, `999999999999999.${'f'.repeat(8)}-ffff-ffff-ffff-${'f'.repeat(12)}`],
)

const headerValue = text.map((value) => value.replace(/[^\x20-\x7e]/g, '?'))
const headers = fc
  .record({
    'x-client-version': fc.oneof(fc.constantFrom('1.2.3', '0.0.0', undefined), headerValue),
    'idempotency-key': fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, headerValue),
    'x-forwarded-for': fc.oneof(fc.ipV4(), fc.ipV6(), headerValue),
    'x-client-platypus-enabled': fc.constantFrom(undefined, 'true', 'x'),
    range: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, headerValue),
    cookie: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, headerValue),
    expect: fc.constantFrom(undefined, undefined, undefined, undefined, 'x'),
  })
  .map((all) => Object.fromEntries(Object.entries(all).flatMap(([k, v]) => (typeof v === 'string' ? [[k, v]] : []))))

/** Every route, and what is none, with bodies that fit it and bodies that do not. */
export function hostileRequest({ deviceCount, assetIds, partUrls }: Choice): fc.Arbitrary<Hostile> {
  const asset = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...assetIds) }, piece, fc.uuid())
  const someone = fc.oneof({ weight: 20, arbitrary: fc.nat(deviceCount - 1) }, fc.constant(null))
  const call = (
    method: string,
    path: fc.Arbitrary<string>,
    body: fc.Arbitrary<HostileBody>,
    more: fc.Arbitrary<Record<string, string>> = fc.constant({}),
    device: fc.Arbitrary<number | null> = someone,
  ): fc.Arbitrary<Hostile> =>
    fc
      .tuple(path, fc.oneof({ weight: 8, arbitrary: body }, junk), headers, more, device)
      .map(([at, sent, common, own, who]) => ({
        method,
        path: at,
        headers: { ...common, ...own },
        device: who,
        body: sent,
        twice: false,
      }))
  const fixed = (path: string) => fc.constant(path)
  const nobody = fc.constant(null)
  const put = fc
    .record({
      path: fc
        .tuple(fc.constantFrom(...partUrls), fc.constantFrom(...tamperings), piece)
        .map(([url, tamper, x]) => tamper(url, x)),
      lengthBytes: fc.constantFrom(1_000, 1_000, 1_000, 999, 1_001, 0, 70_000),
      chunked: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.constant(true)),
      twice: fc.boolean(),
      own: fc.oneof(
        { weight: 6, arbitrary: fc.constant({ 'content-type': 'video/mp4', 'x-amz-acl': 'private' }) },
        fc.record({ 'content-type': headerValue, 'x-amz-acl': headerValue }),
        fc.record({
          'content-type': fc.constant('video/mp4'),
          'x-amz-acl': fc.constant('private'),
          'x-amz-date': headerValue,
        }),
      ),
      device: fc.oneof({ weight: 9, arbitrary: nobody }, someone),
    })
    .map(
      ({ path, lengthBytes, chunked, twice, own, device }): Hostile => ({
        method: 'PUT',
        path,
        headers: own,
        device,
        body: { kind: 'bytes', lengthBytes, chunked },
        twice,
      }),
    )
  return fc.oneof(
    { weight: 5, arbitrary: call('POST', fc.constantFrom('/v2/devices/assets', '/v2/assets'), json(createBody)) },
    { weight: 1, arbitrary: call('POST', fixed('/v2/devices/assets'), form) },
    {
      weight: 5,
      arbitrary: call(
        'POST',
        asset.map((id) => `/v2/devices/assets/${id}/realtime_upload/parts`),
        json(partsBody),
      ),
    },
    {
      weight: 3,
      arbitrary: call(
        'PUT',
        asset.map((id) => `/v2/devices/assets/${id}/custody`),
        json(custodyBody),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        'PUT',
        fc.oneof(number.map(String), piece).map((epoch) => `/v2/devices/purge-receipts/${epoch}`),
        json(receiptBody),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        'GET',
        asset.map((id) => `/v2/devices/assets/${id}`),
        nothing,
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        'GET',
        fc
          .tuple(fc.constantFrom('since', 'after', 'x'), fc.oneof(piece, pageEdge))
          .map(([key, value]) => `/v2/devices/assets?${key}=${value}`),
        nothing,
      ),
    },
    { weight: 1, arbitrary: call('GET', fixed('/v2/devices/me'), nothing) },
    { weight: 1, arbitrary: call('POST', fixed('/v2/devices/heartbeat'), fc.oneof(nothing, json(anything))) },
    {
      weight: 2,
      arbitrary: call('POST', fc.constantFrom('/v2/auth/device/code', '/v2/device/code'), form, undefined, nobody),
    },
    { weight: 3, arbitrary: call('POST', fixed('/v2/auth/token'), form, undefined, nobody) },
    { weight: 1, arbitrary: call('POST', fixed('/v2/auth/revoke'), form, undefined, nobody) },
    {
      weight: 1,
      arbitrary: call(
        'GET',
        asset.map((id) => `/clips/${id}/content`),
        nothing,
      ),
    },
    { weight: 1, arbitrary: call('GET', fc.constantFrom('/health', '/.well-known/rushes'), nothing) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('GET', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE'), piece)
        .chain(([method, x]) =>
          call(
            method,
            fc.constantFrom(`/${x}`, `/v2/${x}`, `/parts/${x}/1/1`, `/v2/devices/assets/../${x}`, '//', '/%', '/%zz'),
            nothing,
          ),
        ),
    },
    { weight: 6, arbitrary: put },
  )
}

/** What can be done to a signed URL: nothing, mostly. */
const tamperings: ((url: string, x: string) => string)[] = [
  ...Array.from({ length: 6 }, () => (url: string) => url),
  (url, x) => url.replace(/signature=[^&]*/, `signature=${x}`),
  (url, x) => url.replace(/expires=[^&]*/, `expires=${x}`),
  (url) => url.replace(/expires=\d/, 'expires=9'),
  (url, x) => url.replace(/\/\d+\/\d+\?/, `/${x}/1?`),
  (url) => url.replace(/\/(\d+)\/(\d+)\?/, (_all, number, generation) => `/${number}/${Number(generation) + 1}?`),
  (url) => url.replace(/\?.*/, ''),
  (url, x) => `${url}&${x}=${x}`,
]
