import { c2cErrors } from '@rushes/protocol'
import { type Row, row, type Sent } from '../row.ts'
import type { World } from '../world.ts'
import { signedParts } from './signed-parts.ts'

const limit = (count: string) => ({ 'x-ratelimit-limit': count, 'x-ratelimit-window': '1000' })

const nowhere: [string, Sent][] = [
  ['the root', { to: 'GET /' }],
  ['a path that cameras try', { to: 'GET /v2/devices/unknown' }],
  ['the status socket, which is not offered', { to: 'GET /devices/websocket?Authorization=Bearer%20x' }],
  ['a channel, which cannot be managed', { to: 'POST /v2/devices/channels', json: {} }],
  ['a comment', { to: `POST /v2/devices/assets/${crypto.randomUUID()}/comments`, json: { text: 'x' } }],
  ['another method of a path that is there', { to: 'POST /v2/devices/me', json: {} }],
  ['another method, of clips', { to: 'DELETE /v2/devices/assets' }],
  ['a method that hardly anybody knows', { to: 'PROPFIND /v2/devices/me' }],
  ['the verb of an older specification', { to: 'GET /v2/auth/token?grant_type=x' }],
  ['reading a part', { to: `GET /parts/${crypto.randomUUID()}/1/1` }],
  ['a path that climbs', { to: 'GET /v2/devices/../../etc/passwd' }],
  ['a path that climbs in disguise', { to: 'GET /v2/devices/%2e%2e%2f%2e%2e%2fetc/passwd' }],
  ['a path that breaks off', { to: 'GET /%' }],
  ['a NUL', { to: 'GET /%00' }],
  ['a path of 4 KB', { to: `GET /${'x'.repeat(4_096)}` }],
]

const unreadable: [string, Pick<Sent, 'raw' | 'headers'>, number][] = [
  ['no JSON', { raw: 'nonsense' }, 400],
  ['a list', { raw: '[]' }, 400],
  ['nothing', { raw: '' }, 400],
  ['half of it', { raw: '{"name": "a.mp4"' }, 400],
  ['a prototype in disguise', { raw: '{"__proto__":{"a":1}}' }, 400],
  ['depth without end', { raw: '['.repeat(20_000) }, 400],
  ['plain text', { raw: 'x', headers: { 'content-type': 'text/plain' } }, 400],
  ['a body of another type', { raw: '<x/>', headers: { 'content-type': 'application/xml' } }, 415],
  ['more than the route takes', { raw: JSON.stringify({ junk: 'x'.repeat(70_000) }) }, 413],
]

export const transportRows: Row[] = [
  row({
    title: 'health, without a token',
    topics: ['reachability', 'rateLimits'],
    send: () => ({ to: 'GET /health' }),
    expect: {
      status: 200,
      body: { status: 'ok', ok: true, components: { database: 'ok', store: 'ok' }, conditions: [] },
      headers: limit('100'),
    },
  }),
  row({
    title: 'where the links of a device lead',
    topics: ['reachability'],
    send: () => ({ to: 'GET /.well-known/rushes' }),
    expect: {
      status: 200,
      body: ({ ingest }: World) => ({
        rushes: 1,
        ingestUrl: ingest.url,
        publicUrl: 'https://rushes.test',
        agentUrl: 'wss://rushes.test/agent',
      }),
    },
  }),
  row({
    title: 'an answer says how many calls of its kind are left',
    topics: ['rateLimits'],
    send: ({ device }) => ({ to: 'GET /v2/devices/me', as: device }),
    expect: { status: 200, headers: limit('200') },
  }),
  row({
    title: 'so does one to a stranger, counted by address',
    topics: ['rateLimits'],
    send: () => ({ to: 'GET /v2/devices/me' }),
    expect: { status: 401, headers: limit('100') },
  }),
  row({
    title: 'and one of the auth endpoints',
    topics: ['rateLimits'],
    send: () => ({ to: 'POST /v2/auth/token', json: {} }),
    expect: { status: 400, headers: limit('50') },
  }),
  row({
    title: 'bytes of a part are answered without: the store counts nothing',
    topics: ['rateLimits', 'putPart'],
    given: signedParts.small,
    send: (_at, { url, bytes }) => signedParts.put(url, bytes),
    expect: { status: 200, headers: { 'x-ratelimit-limit': null } },
  }),
  ...nowhere.map(([what, sent]) =>
    row({
      title: `${what} (${sent.to.slice(0, 60)})`,
      topics: ['transport', 'errorShapes', 'codeIsStatus'],
      send: () => sent,
      expect: { status: 404, body: c2cErrors.notFound },
    }),
  ),
  ...unreadable.map(([what, sent, status]) =>
    row({
      title: `a create with ${what} as its body`,
      topics: ['transport', 'errorShapes', 'codeIsStatus'],
      send: ({ device }) => ({
        to: 'POST /v2/devices/assets',
        as: device,
        ...sent,
        headers: { 'content-type': 'application/json', ...sent.headers },
      }),
      expect: { status },
    }),
  ),
  row({
    title: 'a body from a stranger is not even read',
    topics: ['transport', 'authorization'],
    send: () => ({
      to: 'POST /v2/devices/assets',
      raw: 'nonsense',
      headers: { 'content-type': 'application/json' },
    }),
    expect: { status: 401, body: c2cErrors.notAuthorized },
  }),
]
