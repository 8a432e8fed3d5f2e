import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { discover } from '../../src/destination/discover.ts'
import { faults } from '../simulated-destination/fault.ts'
import { createClip, never, newSettings, pair, partOf, patternedBytes, startHarness, tempFile } from './harness.ts'

const receipt = {
  fromProjectId: 'project-1',
  toProjectId: 'project-2',
  clearedCount: 2,
  clearedBytes: 100,
  abortedCount: 1,
  idsXxh64: '0123456789abcdef',
  clearedAt: '2026-11-22T12:00:00.000Z',
}

describe('discover', () => {
  it('names the three addresses of a Rushes server', async () => {
    const { server, settings } = await startHarness()
    expect(await discover(settings, `${server.url}/some/page`, never)).toEqual({
      kind: 'ours',
      ingestUrl: server.url,
      publicUrl: server.url,
      agentUrl: `${server.url.replace('http', 'ws')}/agent`,
    })
  })

  it('says foreign of a server that does not know the path', async () => {
    const { server, settings } = await startHarness({ mode: 'foreign' })
    expect(await discover(settings, server.url, never)).toEqual({ kind: 'foreign' })
  })

  it.each([
    ['a page with 404', faults.notFoundByIntermediary, { kind: 'foreign' }],
    ['JSON with 401', faults.notAuthorized, { kind: 'foreign' }],
    ['other JSON', faults.wrongShape, { kind: 'foreign' }],
    [
      'a later version',
      { kind: 'reply', status: 200, body: '{"rushes":2}' },
      { kind: 'unsupportedVersion', version: '2' },
    ],
    ['a page with 200', faults.captivePortal, { kind: 'failed', failure: { kind: 'malformedReply', status: 200 } }],
  ] as const)('judges %s', async (_what, fault, outcome) => {
    const { server, settings } = await startHarness()
    server.inject(fault, { operation: 'discovery' })
    expect(await discover(settings, server.url, never)).toEqual(outcome)
  })

  it('does not take a redirect, a block page or a broken server for a foreign one', async () => {
    const { server, settings } = await startHarness()
    const blockPage = { ...faults.captivePortal, status: 403 }
    for (const fault of [faults.captiveRedirect, faults.badGateway, faults.rateLimited, blockPage]) {
      server.inject(fault, { operation: 'discovery' })
      expect(await discover(settings, server.url, never)).toMatchObject({ kind: 'failed', failure: { kind: 'reply' } })
      server.heal()
    }
    expect(server.requests.every((request) => request.path === '/.well-known/rushes')).toBe(true)
  })
})

describe('pairing', () => {
  it('asks for a code, waits for the approval and hands over tokens and the control secret', async () => {
    const { server, destination, credentials } = await startHarness({ autoApprove: false })
    const code = await destination.requestPairingCode(
      { ...credentials, deviceName: 'Cart 1', uploadTo: 'https://elsewhere.example' },
      never,
    )
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    expect(code).toMatchObject({
      userCode: expect.stringMatching(/^\d{6}$/),
      deviceName: 'Cart 1',
      expiresInMs: 120_000,
    })
    const poll = () => destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)

    expect(await poll()).toEqual({ kind: 'pending' })
    server.approve(await server.pairingCode())
    expect(await poll()).toEqual({
      kind: 'paired',
      tokens: {
        accessToken: expect.stringMatching(/^access-/),
        accessLifetimeMs: 28_800_000,
        refreshToken: expect.any(String),
      },
      controlLink: { deviceId: 'device-1', deviceSecret: expect.stringMatching(/^rushes_dev_device-1\./) },
    })
    expect(server.requestsOf('deviceCode')[0]?.body).toMatchObject({
      scope: 'asset_create offline',
      rushes_upload_to: 'https://elsewhere.example',
    })
    expect(server.violations).toEqual([])
  })

  it('tells a foreign server nothing of ours and gets no control secret', async () => {
    const harness = await startHarness({ mode: 'foreign' })
    const { server, destination, credentials } = harness
    const code = await destination.requestPairingCode({ ...credentials, deviceName: 'Cart 1' }, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))

    expect(await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)).toMatchObject({
      kind: 'paired',
      controlLink: null,
    })
    expect(server.violations).toEqual([])
  })

  it.each([
    ['denied', { kind: 'refused', code: 'access_denied' }],
    ['expired', { kind: 'expired' }],
  ] as const)('says so when the code was %s', async (how, outcome) => {
    const { server, destination, credentials } = await startHarness({ autoApprove: false })
    const code = await destination.requestPairingCode(credentials, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    if (how === 'denied') server.deny(code.userCode)
    else server.expirePairing(code.userCode)

    expect(await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)).toEqual(outcome)
  })

  it('tells "slow down" and a wrong client secret from an answer that says nothing about the code', async () => {
    const { server, destination } = await startHarness({ mode: 'foreign' })
    const wrong = { clientId: 'unit-1', clientSecret: 'wrong-secret', deviceCode: 'code' }
    expect(await destination.requestPairingCode(wrong, never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'reply', status: 400, body: '{"error":"invalid_client"}' },
    })
    server.inject({ kind: 'reply', status: 400, body: '{"error":"slow_down"}' }, { operation: 'token' })
    expect(await destination.pollPairing(wrong, never)).toEqual({ kind: 'slowDown' })
    server.inject(faults.badGateway, { operation: 'token' })
    expect(await destination.pollPairing(wrong, never)).toMatchObject({ kind: 'failed', failure: { status: 502 } })
  })
})

describe('tokens', () => {
  it('refreshes, after which the former access token is dead', async () => {
    const harness = await startHarness()
    const { destination, credentials } = harness
    const former = await pair(harness)
    const outcome = await destination.refresh({ ...credentials, refreshToken: former.refreshToken }, never)
    if (outcome.kind !== 'tokens') throw new Error(JSON.stringify(outcome))

    expect((await destination.me(outcome.tokens.accessToken, never)).kind).toBe('identity')
    expect(await destination.me(former.accessToken, never)).toMatchObject({ kind: 'failed', failure: { status: 401 } })
  })

  it('gets a new pair for a device secret, and no access after a revocation', async () => {
    const harness = await startHarness()
    const { destination, credentials } = harness
    const code = await destination.requestPairingCode(credentials, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    const paired = await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)
    if (paired.kind !== 'paired' || paired.controlLink === null) throw new Error(JSON.stringify(paired))

    const outcome = await destination.additions?.exchangeDeviceSecret(
      { clientId: credentials.clientId, deviceSecret: paired.controlLink.deviceSecret },
      never,
    )
    if (outcome?.kind !== 'tokens') throw new Error(JSON.stringify(outcome))
    const { accessToken } = outcome.tokens
    expect((await destination.me(accessToken, never)).kind).toBe('identity')
    expect(await destination.revoke({ ...credentials, token: accessToken }, never)).toEqual({ kind: 'revoked' })
    expect(await destination.me(accessToken, never)).toMatchObject({ kind: 'failed', failure: { status: 401 } })
  })
})

describe('the device', () => {
  it('reads its identity with the fence from ours', async () => {
    const harness = await startHarness({ project: { id: 'p-7', name: 'Feature' } })
    const { accessToken } = await pair(harness)
    expect(await harness.destination.me(accessToken, never)).toEqual({
      kind: 'identity',
      identity: {
        id: 'project-device-1',
        deviceId: 'device-1',
        name: 'Simulated-rushes-agent-1',
        projectId: 'p-7',
        projectName: 'Feature',
        status: 'online',
        timezone: 'Europe/Berlin',
        authorizationExpiresAt: null,
        fence: { projectEpoch: 1, purgeReceiptRequired: false, pairedAt: expect.stringMatching(/Z$/) },
      },
    })
    expect(await harness.destination.heartbeat(accessToken, never)).toEqual({ kind: 'heard' })
    expect(await harness.destination.health(never)).toEqual({ kind: 'healthy' })
  })

  it('reads no fence from a foreign server, which has no additions either', async () => {
    const harness = await startHarness({ mode: 'foreign' })
    const { accessToken } = await pair(harness)
    expect(await harness.destination.me(accessToken, never)).toMatchObject({ identity: { fence: null } })
    expect(harness.destination.additions).toBeNull()

    const fence = { project_epoch: 3, purge_receipt_required: true, paired_at: '2026-11-22T12:00:00Z' }
    const body = JSON.stringify({ id: 'd', name: 'n', project_id: 'p', status: 'online', rushes: fence })
    harness.server.inject({ kind: 'reply', status: 200, body }, { operation: 'me' })
    expect(await harness.destination.me(accessToken, never)).toMatchObject({
      identity: { projectId: 'p', fence: null },
    })
  })

  it('sends its version with every call, and its token with those that need it alone', async () => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    await harness.destination.health(never)
    await harness.destination.heartbeat(accessToken, never)
    await createClip(harness, accessToken, { sizeBytes: 1_000 })

    const withToken = harness.server.requests.filter((request) => request.headers.authorization !== undefined)
    expect(harness.server.requests.every((request) => request.headers['x-client-version'] === '1.2.3')).toBe(true)
    expect(withToken.map((request) => request.operation)).toEqual(['me', 'heartbeat', 'create'])
  })
})

describe('clips', () => {
  it('sends what the guide asks for and, to ours alone, the key that makes a create repeatable', async () => {
    for (const mode of ['ours', 'foreign'] as const) {
      const harness = await startHarness({ mode })
      const { accessToken } = await pair(harness)
      const outcome = await harness.destination.createAsset(
        {
          kind: 'complete',
          accessToken,
          name: 'A "quoted"\n clip.mov',
          fileType: 'video/quicktime',
          sizeBytes: 21_136_250,
          partCount: 4,
          offsetSeconds: 60,
          channel: 2,
          idempotencyKey: 'key-9',
        },
        never,
      )

      expect(outcome).toMatchObject({ kind: 'created', assetId: 'asset-1', name: 'A "quoted"\n clip.mov' })
      if (outcome.kind === 'created') expect(outcome.uploadUrls.length).toBe(4)
      const [request] = harness.server.requestsOf('create')
      expect(request?.body).toEqual({
        name: 'A "quoted"\n clip.mov',
        filetype: 'video/quicktime',
        filesize: 21_136_250,
        parts: 4,
        offset: 60,
        channel: 2,
      })
      expect(request?.headers['idempotency-key']).toBe(mode === 'ours' ? 'key-9' : undefined)
      expect(harness.server.violations).toEqual([])
    }
  })

  it('takes addresses for 10,000 parts', async () => {
    const harness = await startHarness({ minPartSizeBytes: 1 })
    const { accessToken } = await pair(harness)
    const clip = await createClip(harness, accessToken, { sizeBytes: 10_000, partCount: 10_000 })
    expect(clip.uploadUrls.length).toBe(10_000)
  })

  it('takes it as no answer when a clip comes without a place for its bytes', async () => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    harness.server.inject(
      { kind: 'reply', status: 200, body: '{"id":"a","name":"b","upload_urls":[]}' },
      { operation: 'create' },
    )
    await expect(createClip(harness, accessToken, { sizeBytes: 10 })).rejects.toThrow('malformedReply')
  })

  it('registers a growing clip and gets the addresses of its parts', async () => {
    const harness = await startHarness({ store: 'memory' })
    const { destination, server } = harness
    const { accessToken } = await pair(harness)
    const growing = {
      accessToken,
      name: 'A.mp4',
      fileType: 'video/mp4',
      offsetSeconds: 0,
      channel: 0,
      idempotencyKey: 'k',
    }
    expect(await destination.createAsset({ ...growing, kind: 'realtime', extension: '.mp4' }, never)).toMatchObject({
      kind: 'created',
      uploadUrls: [],
    })
    const bytes = patternedBytes(300)
    const parts = [
      { number: 1, sizeBytes: 100, isFinal: false },
      { number: 3, sizeBytes: 200, isFinal: true },
    ]
    const addresses = await destination.requestRealtimeParts(
      { accessToken, assetId: 'asset-1', parts, assetSizeBytes: 300 },
      never,
    )
    if (addresses.kind !== 'addresses') throw new Error(JSON.stringify(addresses))
    const whole = await partOf(await tempFile(bytes), '')
    for (const [index, url] of addresses.uploadUrls.entries()) {
      const file = { ...whole.file, offsetBytes: index * 100, sizeBytes: parts[index]?.sizeBytes ?? 0 }
      expect((await destination.putPart({ ...whole, url, file })).kind).toBe('stored')
    }
    expect(server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
    expect(server.violations).toEqual([])
  })

  it('takes it as no answer when the addresses are not as many as the parts', async () => {
    const { destination, server, ...harness } = await startHarness()
    const { accessToken } = await pair({ destination, server, ...harness })
    server.inject(
      { kind: 'reply', status: 200, body: '{"upload_urls":["https://s3.example/1"]}' },
      { operation: 'realtimeParts' },
    )
    const parts = [1, 2].map((number) => ({ number, sizeBytes: 10, isFinal: false }))

    expect(await destination.requestRealtimeParts({ accessToken, assetId: 'asset-1', parts }, never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'malformedReply' },
    })
  })

  it('hands in custody and reads it back, and sends the receipt that opens the fence', async () => {
    const harness = await startHarness()
    const { destination, server, credentials } = harness
    const tokens = await pair(harness)
    const clip = await createClip(harness, tokens.accessToken, { sizeBytes: 1_000 })
    const stored = await destination.putPart(await partOf(await tempFile(patternedBytes(1_000)), clip.uploadUrls[0]))
    if (stored.kind !== 'stored') throw new Error(JSON.stringify(stored))
    const of = { accessToken: tokens.accessToken, assetId: clip.assetId }
    expect(await destination.additions?.getAsset(of, never)).toMatchObject({ custody: { verified: 'sizeChecked' } })
    const custody = { parts: [{ number: 1, offset: 0, size: 1_000, xxh64: stored.xxh64 }] }
    expect(await destination.additions?.putCustody({ ...of, custody }, never)).toEqual({
      kind: 'custody',
      custody: { id: clip.assetId, status: 'available', verified: 'verified', missing: [], mismatch: null },
    })
    server.corruptPart(clip.assetId, 1)
    expect(await destination.additions?.getAsset(of, never)).toMatchObject({
      custody: { verified: 'mismatch', mismatch: 1 },
    })

    server.setProject({ id: 'project-2', name: 'Second' })
    const renewed = await destination.refresh({ ...credentials, refreshToken: tokens.refreshToken }, never)
    if (renewed.kind !== 'tokens') throw new Error(JSON.stringify(renewed))
    const { accessToken } = renewed.tokens
    await expect(createClip(harness, accessToken, { sizeBytes: 10, key: 'key-2' })).rejects.toThrow('Project Changed')
    await destination.me(accessToken, never)
    await expect(createClip(harness, accessToken, { sizeBytes: 10, key: 'key-2' })).rejects.toThrow(
      'Purge Receipt Missing',
    )
    expect(await destination.additions?.putPurgeReceipt({ accessToken, projectEpoch: 2, receipt }, never)).toEqual({
      kind: 'received',
    })
    expect((await createClip(harness, accessToken, { sizeBytes: 10, key: 'key-2' })).assetId).toBe('asset-2')
    expect(server.receipts).toEqual([{ deviceId: 'device-1', projectEpoch: 2, receipt }])
  })
})

describe('a call', () => {
  it('ends as aborted at once when its signal says so', async () => {
    const { server, destination } = await startHarness()
    const held = server.inject(faults.stallReply, { operation: 'health' })
    const stop = new AbortController()
    const asked = destination.health(stop.signal)
    await held.firstHit
    stop.abort()
    expect(await asked).toEqual({ kind: 'aborted' })
    expect(await destination.health(stop.signal)).toEqual({ kind: 'aborted' })
    expect(server.requestsOf('health').length).toBe(1)
  })

  it('fails in time when the server keeps its reply back', async () => {
    const { server, destination } = await startHarness({}, { callTimeoutMs: 150 })
    server.inject(faults.stallReply, { operation: 'health' })
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'network', code: 'ETIMEDOUT', class: 'timeout', requestSent: true },
    })
  })

  it('fails when the reply is longer than any answer could be, without reading it all', async () => {
    const { server, destination } = await startHarness()
    server.inject({ kind: 'reply', status: 200, body: ' '.repeat(5_000_000) }, { operation: 'health' })
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'malformedReply', status: 200 },
    })
  })

  it('says that nothing was sent when nobody listens or the name does not exist', async () => {
    const { server, destination, settings } = await startHarness()
    await server.refuse()
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'network', code: 'ECONNREFUSED', class: 'refused', requestSent: false },
    })
    expect(await discover(settings, 'https://nowhere.invalid', never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'network', class: 'name', requestSent: false },
    })
  })

  it('names a failure of the encryption as such', async () => {
    const { server, settings } = await startHarness()
    expect(await discover(settings, server.url.replace('http:', 'https:'), never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'network', class: 'tls' },
    })
  })

  it('leaves nothing behind on a signal that lives as long as the daemon', async () => {
    const { destination } = await startHarness()
    const { signal } = new AbortController()
    for (let count = 0; count < 3; count++)
      await Promise.all(Array.from({ length: 8 }, () => destination.health(signal)))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('works again through the same pool once the server is back', async () => {
    const { server, destination } = await startHarness()
    await destination.health(never)
    await server.refuse()
    await destination.health(never)
    await server.accept()
    expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  })

  it('does not outlive its dispatcher', async () => {
    const settings = newSettings()
    const { server } = await startHarness()
    await settings.dispatcher.destroy()
    expect(await discover(settings, server.url, never)).toMatchObject({ kind: 'failed', failure: { kind: 'network' } })
  })
})
