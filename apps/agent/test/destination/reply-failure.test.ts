import { errorTitle } from '@rushes/upload-core'
import { describe, expect, it } from 'vitest'
import { describeFailure } from '../../src/destination/describe-failure.ts'
import { networkFailure } from '../../src/destination/network-failure.ts'
import { safeBody } from '../../src/destination/reply-failure.ts'
import { type Fault, faults } from '../simulated-destination/fault.ts'
import { never, startHarness } from './harness.ts'

const replyWith = (headers: Record<string, string>): Fault => ({ kind: 'reply', status: 429, headers, body: '' })

describe('Retry-After', () => {
  it.each([
    ['seconds', { 'retry-after': '12' }, 12_000],
    [
      'a date, by the clock of the server',
      { 'retry-after': 'Wed, 22 Jul 2026 10:00:30 GMT', date: 'Wed, 22 Jul 2026 10:00:00 GMT' },
      30_000,
    ],
    [
      'a date that has passed',
      { 'retry-after': 'Wed, 22 Jul 2026 10:00:00 GMT', date: 'Wed, 22 Jul 2026 10:01:00 GMT' },
      0,
    ],
    ['a year, cut to an hour', { 'retry-after': '31536000' }, 3_600_000],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['a negative number', { 'retry-after': '-5' }, null],
  ] as const)('is read when it is %s', async (_what, headers, retryAfterMs) => {
    const { server, destination } = await startHarness()
    server.inject(replyWith(headers), { operation: 'health' })
    expect(await destination.health(never)).toMatchObject({ failure: { kind: 'reply', retryAfterMs } })
  })
})

describe('the body of a failed reply', () => {
  it('keeps what decides, of a detailed error', () => {
    const body =
      '{"code":409,"errors":[{"code":409,"detail":"d","status":409,"title":"Channel Paused","trace":"t"}],"message":"Channel Paused","token":"t"}'
    expect(errorTitle(safeBody(body, []))).toBe('Channel Paused')
    expect(safeBody(body, [])).not.toContain('token')
  })

  it('keeps what decides when it is long, and stays short', () => {
    const detail = 'x'.repeat(100_000)
    const error = {
      code: 422,
      errors: Array.from({ length: 50 }, () => ({ code: 422, detail, status: 422, title: 'Bad' })),
      message: 'Bad',
    }
    const body = safeBody(JSON.stringify(error), [])
    expect(errorTitle(body)).toBe('Bad')
    expect(body.length).toBeLessThan(4_000)
    expect(safeBody('y'.repeat(100_000), []).length).toBeLessThanOrEqual(500)
  })

  it('keeps code and message alone of an object store', () => {
    const xml =
      '<Error><Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2026</Expires><HostId>h</HostId></Error>'
    expect(safeBody(xml, [])).toBe('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>')
  })

  it('shows no query of an address and no bearer token, whatever the text', () => {
    const text = 'GET https://s3.example/a/b?X-Amz-Signature=abc&x=1 failed; Authorization: Bearer a.b-c_d'
    expect(safeBody(text, [])).toBe('GET https://s3.example/a/b?… failed; Authorization: Bearer …')
  })
})

describe('a failure in words', () => {
  it.each([
    [
      faults.slowDown,
      { class: 'destination', code: 'SlowDown', message: 'HTTP 503: SlowDown: Please reduce your request rate.' },
    ],
    [
      faults.channelPaused,
      {
        class: 'destination',
        code: 'HTTP_409',
        message: "HTTP 409: Channel Paused: The channel you're uploading from is currently paused.",
      },
    ],
    [faults.badGateway, { class: 'destination', code: 'HTTP_502', message: 'HTTP 502' }],
    [faults.captivePortal, { class: 'network', code: 'MALFORMED_REPLY', message: expect.stringContaining('sign-in') }],
    [
      faults.dropBefore,
      {
        class: 'network',
        code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/),
        message: 'The connection broke',
      },
    ],
  ] as const)('names its class and code and says what happened', async (fault, words) => {
    const { server, destination } = await startHarness()
    server.inject(fault, { operation: 'health' })
    const outcome = await destination.health(never)
    if (outcome.kind !== 'failed') throw new Error(JSON.stringify(outcome))
    expect(describeFailure(outcome.failure)).toEqual(words)
  })

  it('tells the file system’s code where there is one', () => {
    expect(describeFailure({ kind: 'source', problem: 'unreadable', code: 'EIO' })).toEqual({
      class: 'file',
      code: 'EIO',
      message: 'The file could not be read (EIO)',
    })
    expect(describeFailure({ kind: 'source', problem: 'changed', volumePresent: true }).code).toBe('SOURCE_CHANGED')
    expect(describeFailure({ kind: 'stalled' }).code).toBe('STALLED')
  })
})

describe('a network error', () => {
  const error = (code: string, syscall?: string) =>
    Object.assign(new Error('https://s3.example/?X-Amz-Signature=abc'), { code, syscall })

  it.each([
    ['EHOSTUNREACH', 'connect', false],
    ['EHOSTUNREACH', 'write', true],
    ['ETIMEDOUT', 'connect', false],
    ['ETIMEDOUT', 'read', true],
    ['UND_ERR_CONNECT_TIMEOUT', undefined, false],
    ['CERT_HAS_EXPIRED', undefined, false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', undefined, false],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'write', true],
    ['EAI_AGAIN', 'getaddrinfo', false],
    ['ECONNRESET', 'read', true],
    ['UND_ERR_SOCKET', undefined, true],
  ])('%s at %s may have carried the request: %s', (code, syscall, requestSent) => {
    expect(networkFailure(error(code, syscall)).requestSent).toBe(requestSent)
  })

  it('keeps the code and nothing of the message', () => {
    expect(networkFailure(error('EPIPE'))).toEqual({
      kind: 'network',
      code: 'EPIPE',
      class: 'reset',
      requestSent: true,
    })
    expect(networkFailure(new Error('outer', { cause: error('ENOTFOUND') })).class).toBe('name')
  })

  it('is not made of a mistake in the program', () => {
    const mistake = new TypeError('x is not a function')
    expect(() => networkFailure(mistake)).toThrow(mistake)
  })
})
