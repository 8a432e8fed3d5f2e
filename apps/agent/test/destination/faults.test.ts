import { classifyFailure, type Operation, type Verdict } from '@rushes/upload-core'
import { describe, expect, it } from 'vitest'
import type { CallFailure, Unsuccessful } from '../../src/destination/port.ts'
import { type Fault, faults } from '../simulated-destination/fault.ts'
import { createClip, type Harness, never, pair, partOf, patternedBytes, startHarness, tempFile } from './harness.ts'

/** What a call or a part came to, in the few words that decide: its failure and what the core makes of it. */
type Expected = { failure: object; verdict: Partial<Verdict> }

const reset = {
  failure: { kind: 'network', class: 'reset', requestSent: true },
  verdict: { kind: 'retry', blame: 'unclear' },
} as const

const ofCreate: Record<string, [Fault, Expected]> = {
  captivePortal: [
    faults.captivePortal,
    { failure: { kind: 'malformedReply', status: 200 }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  captiveRedirect: [
    faults.captiveRedirect,
    { failure: { kind: 'reply', status: 302 }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  wrongShape: [
    faults.wrongShape,
    { failure: { kind: 'malformedReply' }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  serverError: [
    faults.serverError,
    { failure: { kind: 'reply', status: 500 }, verdict: { kind: 'retry', reason: 'destinationDown' } },
  ],
  badGateway: [
    faults.badGateway,
    {
      failure: { kind: 'reply', status: 502, contentType: 'text/html; charset=utf-8' },
      verdict: { kind: 'retry', reason: 'destinationDown' },
    },
  ],
  rateLimited: [
    faults.rateLimited,
    {
      failure: { kind: 'reply', retryAfterMs: null, rateLimit: { limit: 5, remaining: 0, windowMs: 1_000 } },
      verdict: { kind: 'retry', reason: 'rateLimited', minDelayMs: 1_000 },
    },
  ],
  rateLimitedFor: [
    faults.rateLimitedFor(7),
    { failure: { kind: 'reply', retryAfterMs: 7_000 }, verdict: { kind: 'retry', minDelayMs: 7_000 } },
  ],
  notAuthorized: [faults.notAuthorized, { failure: { kind: 'reply', status: 401 }, verdict: { kind: 'authorize' } }],
  channelPaused: [faults.channelPaused, { failure: { kind: 'reply', status: 409 }, verdict: { kind: 'block' } }],
  notFoundByIntermediary: [
    faults.notFoundByIntermediary,
    { failure: { kind: 'reply', status: 404 }, verdict: { kind: 'retry', blame: 'unclear' } },
  ],
  quotaExceeded: [
    faults.quotaExceeded,
    { failure: { kind: 'reply', status: 402 }, verdict: { kind: 'slowRetry', reason: 'quotaExceeded' } },
  ],
  dropBefore: [faults.dropBefore, reset],
  loseReply: [faults.loseReply, reset],
  resetMidBody: [faults.resetMidBody(1), reset],
  truncateReply: [faults.truncateReply, { failure: { kind: 'network' }, verdict: { kind: 'retry', blame: 'unclear' } }],
}

const ofPart: Record<string, [Fault, Expected]> = {
  captivePortal: [
    faults.captivePortal,
    { failure: { kind: 'malformedReply', status: 200 }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  captiveRedirect: [
    faults.captiveRedirect,
    { failure: { kind: 'reply', status: 302 }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  'an early 200': [
    { kind: 'reply', status: 200, early: true },
    { failure: { kind: 'malformedReply', status: 200 }, verdict: { kind: 'retry', reason: 'offline' } },
  ],
  'an early 403': [
    { ...faults.urlExpired, early: true },
    { failure: { kind: 'reply', status: 403 }, verdict: { kind: 'startOver', reason: 'urlExpired' } },
  ],
  'an error under 200': [
    {
      kind: 'reply',
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: '<Error><Code>InternalError</Code></Error>',
    },
    { failure: { kind: 'malformedReply' }, verdict: { kind: 'retry' } },
  ],
  internalError: [
    faults.internalError,
    { failure: { kind: 'reply', status: 500 }, verdict: { kind: 'retry', blame: 'unclear' } },
  ],
  slowDown: [
    faults.slowDown,
    { failure: { kind: 'reply', status: 503 }, verdict: { kind: 'retry', reason: 'rateLimited' } },
  ],
  requestTimeout: [
    faults.requestTimeout,
    { failure: { kind: 'reply', status: 400 }, verdict: { kind: 'retry', blame: 'unclear' } },
  ],
  urlExpired: [
    faults.urlExpired,
    { failure: { kind: 'reply', status: 403 }, verdict: { kind: 'startOver', reason: 'urlExpired' } },
  ],
  clockSkewed: [
    faults.clockSkewed,
    { failure: { kind: 'reply', status: 403 }, verdict: { kind: 'slowRetry', reason: 'clockSkewed' } },
  ],
  noSuchUpload: [
    faults.noSuchUpload,
    { failure: { kind: 'reply', status: 404 }, verdict: { kind: 'startOver', reason: 'uploadLostByDestination' } },
  ],
  notFoundByIntermediary: [
    faults.notFoundByIntermediary,
    { failure: { kind: 'reply', status: 404 }, verdict: { kind: 'retry', blame: 'unclear' } },
  ],
  resetMidBody: [faults.resetMidBody(300_000), reset],
  dropBefore: [faults.dropBefore, reset],
  loseReply: [faults.loseReply, reset],
}

async function clipOn(harness: Harness, sizeBytes: number) {
  const { accessToken } = await pair(harness)
  return {
    accessToken,
    clip: await createClip(harness, accessToken, { sizeBytes }),
    path: await tempFile(patternedBytes(sizeBytes)),
  }
}

function check(operation: Operation, outcome: { kind: string } | Unsuccessful, expected: Expected): void {
  if (outcome.kind !== 'failed' || !('failure' in outcome)) throw new Error(`not failed: ${JSON.stringify(outcome)}`)
  expect(outcome.failure).toMatchObject(expected.failure)
  expect(classifyFailure(operation, outcome.failure)).toMatchObject(expected.verdict)
}

describe('a create', () => {
  it.each(Object.entries(ofCreate))('fails as what it is: %s', async (_name, [fault, expected]) => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    harness.server.inject(fault, { operation: 'create' })
    const request = {
      kind: 'complete',
      name: 'A.mp4',
      fileType: 'video/mp4',
      sizeBytes: 10,
      offsetSeconds: () => 0,
      channel: 0,
    } as const

    const outcome = await harness.destination.createAsset({ ...request, accessToken, idempotencyKey: 'key-1' }, never)

    check('create', outcome, expected)
  })

  it('repeated after a lost reply makes no second clip at ours, and one more elsewhere', async () => {
    for (const [mode, clipCount] of [
      ['ours', 1],
      ['foreign', 2],
    ] as const) {
      const harness = await startHarness({ mode })
      const { accessToken } = await pair(harness)
      harness.server.inject(faults.loseReply, { operation: 'create' })
      await expect(createClip(harness, accessToken, { sizeBytes: 10 })).rejects.toThrow('reset')
      await createClip(harness, accessToken, { sizeBytes: 10 })
      expect(harness.server.assets.length).toBe(clipCount)
    }
  })
})

describe('a part', () => {
  it.each(Object.entries(ofPart))('fails as what it is: %s', async (_name, [fault, expected]) => {
    const harness = await startHarness()
    const { clip, path } = await clipOn(harness, 4_000_000)
    harness.server.inject(fault, { operation: 'part' })

    check('part', await harness.destination.putPart(await partOf(path, clip.uploadUrls[0])), expected)

    expect(await harness.destination.putPart(await partOf(path, clip.uploadUrls[0]))).toMatchObject({ kind: 'stored' })
    expect(harness.server.completedAssets().length).toBe(1)
  })

  it('is refused when its address has expired, its signature is wrong or its clip is closed', async () => {
    const harness = await startHarness()
    const { clip, path } = await clipOn(harness, 1_000)
    const { destination, server } = harness
    const url = clip.uploadUrls[0] ?? ''
    check('part', await destination.putPart(await partOf(path, url, { contentType: 'video/quicktime' })), {
      failure: { kind: 'reply', status: 403 },
      verdict: { kind: 'fail', reason: 'rejectedByDestination' },
    })
    server.expireUrls()
    check('part', await destination.putPart(await partOf(path, url)), {
      failure: { kind: 'reply', status: 403 },
      verdict: { kind: 'startOver', reason: 'urlExpired' },
    })
    const other = await startHarness()
    const open = await clipOn(other, 1_000)
    other.server.setProject({ id: 'project-2', name: 'Second' })
    check('part', await other.destination.putPart(await partOf(open.path, open.clip.uploadUrls[0])), {
      failure: { kind: 'reply', status: 403 },
      verdict: { kind: 'authorize' },
    })
  })

  it('is not sent to an address beyond this machine that is not encrypted', async () => {
    const { destination, settings } = await startHarness()
    const path = await tempFile(patternedBytes(10))
    expect(settings.allowInsecure).toBe(false)
    const outcome = await destination.putPart(await partOf(path, 'http://storage.example/parts/1?X-Amz-Signature=0'))
    expect(outcome).toEqual({
      kind: 'failed',
      failure: { kind: 'network', code: 'INSECURE_ADDRESS', class: 'insecure', requestSent: false },
    })
  })
})

describe('a refresh', () => {
  it('whose reply was lost can be repeated at ours; a foreign server demands a new pairing', async () => {
    const verdicts: (Verdict['kind'] | 'tokens')[] = []
    for (const mode of ['ours', 'foreign'] as const) {
      const harness = await startHarness({ mode })
      const { refreshToken } = await pair(harness)
      harness.server.inject(faults.loseReply, { operation: 'token' })
      const ask = () => harness.destination.refresh({ ...harness.credentials, refreshToken }, never)
      check('refresh', await ask(), { failure: { kind: 'network' }, verdict: { kind: 'retry' } })
      const again = await ask()
      verdicts.push(
        again.kind === 'failed'
          ? classifyFailure('refresh', again.failure).kind
          : again.kind === 'tokens'
            ? 'tokens'
            : 'fail',
      )
    }
    expect(verdicts).toEqual(['tokens', 'authorizationLost'])
  })
})

describe('a failure', () => {
  it('holds no token, secret or signature, whatever the server echoes', async () => {
    const harness = await startHarness({ mode: 'foreign' })
    const { clip, path } = await clipOn(harness, 1_000)
    const tokens = await pair(harness)
    const { server, destination, credentials } = harness
    const url = clip.uploadUrls[0] ?? ''
    const signature = new URL(url).searchParams.get('X-Amz-Signature') ?? ''
    const secrets = [tokens.accessToken, tokens.refreshToken, 'model-secret', signature, 'device-code-1234567890']
    const echo: Fault = {
      kind: 'reply',
      status: 400,
      body: `you sent ${secrets.join(' ')} to ${url} with Bearer ${tokens.accessToken}`,
    }
    const echoXml: Fault = {
      kind: 'reply',
      status: 400,
      headers: { 'content-type': 'application/xml' },
      body: `<Error><Code>Odd</Code><Message>for ${signature}</Message><StringToSign>${signature}</StringToSign></Error>`,
    }
    const part = await partOf(path, url)
    const wrongType = { ...part, contentType: 'video/other' }
    const found: Unsuccessful<CallFailure | object>[] = []
    const failing = async (outcome: Promise<{ kind: string } | Unsuccessful<CallFailure | object>>) => {
      const seen = await outcome
      if (seen.kind !== 'failed' || !('failure' in seen)) throw new Error(`not failed: ${seen.kind}`)
      found.push(seen)
    }
    server.inject(echo, { operation: ['me', 'token', 'revoke', 'part', 'create'], times: 100 })
    await failing(destination.me(tokens.accessToken, never))
    await failing(destination.refresh({ ...credentials, refreshToken: tokens.refreshToken }, never))
    await failing(destination.pollPairing({ ...credentials, deviceCode: 'device-code-1234567890' }, never))
    await failing(destination.revoke({ ...credentials, token: tokens.accessToken }, never))
    await failing(destination.putPart(part))
    server.heal()
    server.inject(echoXml, { operation: 'part' })
    await failing(destination.putPart(part))
    await failing(destination.putPart(wrongType))

    // Each request's own credentials are blotted out of what it failed with; others were not in it.
    const own = [[0], [1, 2], [2, 4], [0, 2], [3], [3], [3]]
    for (const [index, failure] of found.entries()) {
      const text = JSON.stringify(failure)
      for (const at of own[index] ?? []) expect(text).not.toContain(secrets[at])
      expect(text).not.toContain('X-Amz-Signature=')
      expect(text).not.toContain('StringToSign')
    }
    expect(found.length).toBe(own.length)
  })
})
