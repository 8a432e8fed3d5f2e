import { c2cErrors } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import {
  type Blame,
  classifyFailure,
  type Failure,
  looksLikeWebPage,
  type Operation,
  type Verdict,
  verdictWhenDenied,
} from '../src/index.ts'

const reply = (status: number, body: unknown = '', retryAfterMs: number | null = null): Failure => ({
  kind: 'reply',
  status,
  contentType: typeof body === 'string' ? 'text/plain' : 'application/json',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  retryAfterMs,
})
const xml = (status: number, code: string, message = ''): Failure =>
  reply(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`)
/** As a filter, a gateway or a portal between device and destination answers. */
const page = (status: number, retryAfterMs: number | null = null): Failure => ({
  ...{ kind: 'reply', status, contentType: 'text/html', body: '<html><h1>Blocked</h1></html>', retryAfterMs },
})
const network = (code: string): Failure => ({ kind: 'network', code })
const retry = (blame: Blame, reason = 'backoff') => ({ kind: 'retry' as const, blame, reason })

const operations: readonly Operation[] = ['create', 'addresses', 'part', 'identity', 'refresh', 'custody', 'receipt']

type Row = [string, Operation, Failure, { kind: Verdict['kind']; blame?: string; reason?: string }]
/** Row by row the protocol's error table: what was seen, in which call, and what it means. */
const table: Row[] = [
  ['no such host', 'create', network('ENOTFOUND'), retry('surroundings', 'offline')],
  ['nobody listens', 'part', network('ECONNREFUSED'), retry('surroundings', 'offline')],
  ['no route', 'part', network('ENETUNREACH'), retry('surroundings', 'offline')],
  ['connect timeout', 'create', network('UND_ERR_CONNECT_TIMEOUT'), retry('surroundings', 'offline')],
  ['untrusted certificate', 'create', network('SELF_SIGNED_CERT_IN_CHAIN'), retry('surroundings', 'offline')],
  ['no issuer', 'create', network('UNABLE_TO_GET_ISSUER_CERT'), retry('surroundings', 'offline')],
  ['reset in the middle', 'part', network('ECONNRESET'), retry('unclear')],
  ['broken connection', 'part', network('UND_ERR_SOCKET'), retry('unclear')],
  ['stall', 'part', { kind: 'stalled' }, retry('unclear')],
  ['captive portal with 200', 'create', { kind: 'malformedReply', status: 200 }, retry('unclear', 'offline')],
  ['captive portal with a redirect', 'part', reply(302), retry('unclear', 'offline')],
  ['429', 'create', reply(429, c2cErrors.rateLimited), retry('surroundings', 'rateLimited')],
  ['500', 'create', reply(500, c2cErrors.somethingWentWrong), retry('unclear', 'destinationDown')],
  ['502', 'create', reply(502), retry('unclear', 'destinationDown')],
  ['503', 'create', reply(503), retry('unclear', 'destinationDown')],
  ['504', 'create', reply(504), retry('unclear', 'destinationDown')],
  ['408', 'create', reply(408), retry('unclear')],
  ['404 on create', 'create', reply(404, c2cErrors.notFound), retry('item')],
  ['401 on create', 'create', reply(401, c2cErrors.notAuthorized), { kind: 'authorize' }],
  [
    '401 on a body whose code says 409',
    'identity',
    reply(401, { ...c2cErrors.notAuthorized, code: 409 }),
    { kind: 'authorize' },
  ],
  ['402', 'create', reply(402), { kind: 'slowRetry', reason: 'quotaExceeded' }],
  ['403', 'create', reply(403), { kind: 'slowRetry', reason: 'forbidden' }],
  ['403 Project Changed', 'create', reply(403, c2cErrors.projectChanged), { kind: 'authorize' }],
  ['403 Purge Receipt Missing', 'create', reply(403, c2cErrors.purgeReceiptMissing), { kind: 'authorize' }],
  ['409 Channel Paused', 'create', reply(409, c2cErrors.channelPaused), { kind: 'block' }],
  ['409 of another kind', 'create', reply(409, { error: 'slow_down' }), retry('item')],
  ['422', 'create', reply(422, { error: 'name' }), { kind: 'fail', reason: 'rejectedByDestination' }],
  ['400 on create', 'create', reply(400, { error: 'name' }), { kind: 'fail', reason: 'rejectedByDestination' }],
  ['400 without a word on create', 'create', reply(400), retry('unclear')],
  ...[400, 401, 404, 405, 406, 407, 409, 412, 422, 451].flatMap((status) =>
    operations.map((operation): Row => {
      const means = operation === 'refresh' ? retry('surroundings', 'destinationDown') : retry('unclear', 'offline')
      return [`a page with ${status} on ${operation}`, operation, page(status), means]
    }),
  ),
  ['a page with 403 on a part', 'part', page(403), { kind: 'slowRetry', reason: 'forbidden' }],
  ['a page with 403 on create', 'create', page(403), { kind: 'slowRetry', reason: 'forbidden' }],
  ['a page with 403 on custody', 'custody', page(403), { kind: 'slowRetry', reason: 'forbidden' }],
  ['a page with 429', 'part', page(429), retry('surroundings', 'rateLimited')],
  ['a page with 503', 'create', page(503), retry('unclear', 'destinationDown')],
  ['403 without a code on a part', 'part', reply(403), { kind: 'slowRetry', reason: 'forbidden' }],
  ['507', 'part', reply(507), { kind: 'slowRetry', reason: 'quotaExceeded' }],
  ['refresh 401', 'refresh', reply(401), { kind: 'authorizationLost' }],
  ['refresh invalid_request', 'refresh', reply(400, { error: 'invalid_request' }), { kind: 'authorizationLost' }],
  ['refresh invalid_grant', 'refresh', reply(400, { error: 'invalid_grant' }), { kind: 'authorizationLost' }],
  ['refresh answered by somebody else', 'refresh', reply(400, 'bad gateway'), retry('surroundings', 'destinationDown')],
  ['refresh 500', 'refresh', reply(500), retry('surroundings', 'destinationDown')],
  ['S3 RequestTimeout with 400', 'part', xml(400, 'RequestTimeout'), retry('unclear')],
  ['S3 IncompleteBody', 'part', xml(400, 'IncompleteBody'), retry('unclear')],
  ['S3 InternalError', 'part', xml(500, 'InternalError'), retry('unclear')],
  ['S3 SlowDown', 'part', xml(503, 'SlowDown'), retry('surroundings', 'rateLimited')],
  ['S3 skewed clock', 'part', xml(403, 'RequestTimeTooSkewed'), { kind: 'slowRetry', reason: 'clockSkewed' }],
  [
    'S3 expired address',
    'part',
    xml(403, 'AccessDenied', 'Request has expired'),
    { kind: 'startOver', reason: 'urlExpired' },
  ],
  ['S3 denied', 'part', xml(403, 'AccessDenied', 'Access Denied'), { kind: 'authorize' }],
  ['S3 wrong signature', 'part', xml(403, 'SignatureDoesNotMatch'), { kind: 'fail', reason: 'rejectedByDestination' }],
  ['S3 NoSuchUpload', 'part', xml(404, 'NoSuchUpload'), { kind: 'startOver', reason: 'uploadLostByDestination' }],
  ['S3 NoSuchKey', 'part', xml(404, 'NoSuchKey'), { kind: 'startOver', reason: 'uploadLostByDestination' }],
  ['404 of an intermediary on a part', 'part', reply(404, 'not here'), retry('item')],
  [
    'custody of an asset that is gone',
    'custody',
    reply(404, c2cErrors.notFound),
    { kind: 'startOver', reason: 'uploadLostByDestination' },
  ],
  ['custody 404 of an intermediary', 'custody', reply(404, 'nginx'), retry('item')],
  ['file deleted', 'part', { kind: 'source', problem: 'missing', volumePresent: true }, { kind: 'sourceDeleted' }],
  ['card pulled', 'part', { kind: 'source', problem: 'missing', volumePresent: false }, { kind: 'sourceRemoved' }],
  [
    'read error with the card pulled',
    'part',
    { kind: 'source', problem: 'unreadable', volumePresent: false },
    { kind: 'sourceRemoved' },
  ],
  ['read error', 'part', { kind: 'source', problem: 'unreadable', volumePresent: true }, retry('item')],
  [
    'file changed',
    'part',
    { kind: 'source', problem: 'changed', volumePresent: true },
    { kind: 'fail', reason: 'sourceChanged' },
  ],
  [
    'file truncated',
    'part',
    { kind: 'source', problem: 'truncated', volumePresent: true },
    { kind: 'fail', reason: 'sourceTruncated' },
  ],
]

describe('a failure', () => {
  test.for(table)('%s', ([, operation, failure, verdict]) => {
    expect(classifyFailure(operation, failure)).toMatchObject(verdict)
  })

  test('of a part that is denied, while our ingest says that the upload lives, costs no byte of it', () => {
    expect(verdictWhenDenied(59_999)).toEqual({ kind: 'slowRetry', reason: 'forbidden' })
    expect(verdictWhenDenied(60_000)).toEqual({ kind: 'startOver', reason: 'urlExpired' })
  })

  test('that asks for a wait is never tried again earlier, and 429 never within a second', () => {
    expect(classifyFailure('create', reply(503, '', 9_000))).toMatchObject({ minDelayMs: 9_000 })
    expect(classifyFailure('create', reply(429))).toMatchObject({ minDelayMs: 1_000 })
    expect(classifyFailure('part', xml(503, 'SlowDown'))).toMatchObject({ minDelayMs: 1_000 })
    expect(classifyFailure('create', page(408, 5_000))).toMatchObject({ minDelayMs: 5_000 })
  })
})

test('a page is told from an answer by its type or its first words', () => {
  expect(looksLikeWebPage('text/html; charset=utf-8', '')).toBe(true)
  expect(looksLikeWebPage('application/octet-stream', ' <!DOCTYPE html><html>')).toBe(true)
  expect(looksLikeWebPage('application/json', '{"html": "<html>"}')).toBe(false)
  expect(looksLikeWebPage('', '')).toBe(false)
})
