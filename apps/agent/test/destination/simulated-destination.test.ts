import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import {
  createClip,
  type Harness,
  never,
  pair,
  partOf,
  patternedBytes,
  startHarness,
  tempDir,
  tempFile,
} from './harness.ts'

/** Sends a bare request, as a careless client would. */
const put = (url: string, headers: Record<string, string>, body: string | ReadableStream) =>
  fetch(url, { method: 'PUT', headers, body, duplex: 'half' })
const signed = { 'content-type': 'video/mp4', 'x-amz-acl': 'private' }

async function clipOf(harness: Harness, sizeBytes = 10) {
  const { accessToken } = await pair(harness)
  const clip = await createClip(harness, accessToken, { sizeBytes })
  return { accessToken, assetId: clip.assetId, url: clip.uploadUrls[0] ?? '' }
}

describe('the simulated destination, towards a careless client', () => {
  it.each([
    ['another content type', { ...signed, 'content-type': 'video/quicktime' }, 403, 'SignatureDoesNotMatch'],
    ['no access header', { 'content-type': 'video/mp4' }, 403, 'SignatureDoesNotMatch'],
    ['a header that was not signed', { ...signed, 'x-amz-meta-a': '1' }, 403, 'AccessDenied'],
    ['a credential beside the signature', { ...signed, authorization: 'Bearer x' }, 400, 'InvalidArgument'],
  ])('refuses a part with %s and notes it', async (_what, headers, status, code) => {
    const harness = await startHarness()
    const { url } = await clipOf(harness)
    const reply = await put(url, headers, 'x'.repeat(10))
    expect([reply.status, await reply.text()]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)])
    expect(harness.server.violations.length).toBeGreaterThan(0)
    expect(harness.server.completedAssets()).toEqual([])
  })

  it('refuses a part of another length, without a length, or for a signature it did not give', async () => {
    const harness = await startHarness()
    const { url } = await clipOf(harness)
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new Uint8Array(10))
        controller.close()
      },
    })
    expect((await put(url, signed, 'short')).status).toBe(400)
    expect((await put(url, signed, stream)).status).toBe(411)
    expect((await put(url.replace(/Signature=.*/, 'Signature=0'), signed, 'x'.repeat(10))).status).toBe(403)
    expect((await put(url.replace('asset-1', 'asset-9'), signed, 'x'.repeat(10))).status).toBe(404)
    expect(harness.server.completedAssets()).toEqual([])
  })

  it('notes what a foreign server must never be sent', async () => {
    const { server } = await startHarness({ mode: 'foreign' })
    await fetch(`${server.url}/v2/devices/assets/1/custody`, {
      method: 'PUT',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-client-version': '1.0.0' },
    })
    const form = new URLSearchParams({
      client_id: 'u',
      client_secret: 'model-secret',
      scope: 'asset_create offline',
      rushes_device_name: 'n',
    })
    await fetch(`${server.url}/v2/auth/device/code`, { method: 'POST', body: form })
    expect(server.violations).toEqual([
      'PUT /v2/devices/assets/1/custody was asked of a foreign server',
      '/v2/auth/device/code: no x-client-version',
      expect.stringContaining('sent as application/x-www-form-urlencoded'),
      expect.stringContaining('rushes_device_name'),
    ])
  })
})

describe('the simulated destination, as a server', () => {
  it('blocks what was captured in a pause, whenever it is sent, and nothing else', async () => {
    const harness = await startHarness()
    const { server, destination } = harness
    const { accessToken } = await pair(harness)
    const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000
    const create = async (offsetSeconds: number) => {
      const outcome = await destination.createAsset(
        {
          kind: 'complete',
          accessToken,
          name: 'A.mp4',
          fileType: 'video/mp4',
          sizeBytes: 1,
          channel: 0,
          offsetSeconds: () => offsetSeconds,
          idempotencyKey: `key-${offsetSeconds}`,
        },
        never,
      )
      return outcome.kind === 'failed' && outcome.failure.kind === 'reply' ? outcome.failure.status : outcome.kind
    }
    server.pause(minutesAgo(60))
    expect(await destination.me(accessToken, never)).toMatchObject({ identity: { status: 'paused' } })
    expect([await create(0), await create(3_000), await create(4_000)]).toEqual([409, 409, 'created'])
    server.resume(minutesAgo(10))
    expect([await create(1), await create(1_200), await create(4_200)]).toEqual(['created', 409, 'created'])
  })

  it('ends what is under way when the device moves, at ours alone', async () => {
    for (const [mode, statuses] of [
      ['ours', ['closed', 401]],
      ['foreign', ['stored', 401]],
    ] as const) {
      const harness = await startHarness({ mode })
      const { accessToken, url } = await clipOf(harness)
      harness.server.setProject({ id: 'project-2', name: 'Second' })
      const part = await harness.destination.putPart(await partOf(await tempFile(patternedBytes(10)), url))
      const me = await harness.destination.me(accessToken, never)
      expect([
        part.kind === 'stored' ? 'stored' : 'closed',
        me.kind === 'failed' && me.failure.kind === 'reply' && me.failure.status,
      ]).toEqual(statuses)
    }
  })

  it('keeps a part out when the device moves while its bytes come', async () => {
    const harness = await startHarness()
    const { url } = await clipOf(harness, 1_000)
    const stalled = harness.server.inject(faults.stallMidBody(1), { operation: 'part' })
    const sent = harness.destination.putPart(await partOf(await tempFile(patternedBytes(1_000)), url))
    await stalled.firstHit
    harness.server.setProject({ id: 'project-2', name: 'Second' })
    stalled.remove()
    expect(await sent).toMatchObject({ kind: 'failed', failure: { status: 403 } })
    expect(harness.server.completedAssets()).toEqual([])
  })

  it('revokes everything at ours when a refresh token is used again after its successor', async () => {
    const harness = await startHarness()
    const { destination, credentials } = harness
    const first = await pair(harness)
    const refresh = (refreshToken: string) => destination.refresh({ ...credentials, refreshToken }, never)
    const second = await refresh(first.refreshToken)
    if (second.kind !== 'tokens') throw new Error(JSON.stringify(second))
    await destination.me(second.tokens.accessToken, never)
    expect(await refresh(first.refreshToken)).toMatchObject({ failure: { body: '{"error":"invalid_grant"}' } })
    expect(await destination.me(second.tokens.accessToken, never)).toMatchObject({ failure: { status: 401 } })
    expect((await refresh(second.tokens.refreshToken)).kind).toBe('failed')
  })

  it('names parts that are sent again after their acknowledgement, and those alone', async () => {
    const harness = await startHarness({ chunkSizeBytes: 10 })
    const { accessToken } = await pair(harness)
    const clip = await createClip(harness, accessToken, { sizeBytes: 20 })
    const whole = await partOf(await tempFile(patternedBytes(20)), '')
    const send = (index: number) =>
      harness.destination.putPart({
        ...whole,
        url: clip.uploadUrls[index] ?? '',
        file: { ...whole.file, offsetBytes: index * 10, sizeBytes: 10 },
      })
    harness.server.inject(faults.loseReply, { operation: 'part' })
    await send(0)
    await send(0)
    await send(1)
    expect(harness.server.partsSentAgain()).toEqual([])
    await send(1)
    expect(harness.server.partsSentAgain()).toEqual(['asset-1/2'])
    expect(harness.server.completedAssets().length).toBe(1)
  })

  it('keeps received bytes in a folder, and digests of every body', async () => {
    const dir = await tempDir()
    const harness = await startHarness({ store: { dir } })
    const { url } = await clipOf(harness, 5_000)
    const bytes = patternedBytes(5_000)
    const sent = await harness.destination.putPart(await partOf(await tempFile(bytes), url))
    const [request] = harness.server.requestsOf('part')
    expect(sent).toEqual({ kind: 'stored', xxh64: request?.bodyXxh64 })
    expect(harness.server.completedAssets()[0]?.bytes().equals(bytes)).toBe(true)
    expect((await readFile(`${dir}/asset-1.1.1`)).equals(bytes)).toBe(true)
  })

  it('answers "pending" as often as it was told before the verdict on custody', async () => {
    const harness = await startHarness({ custodyPendingCount: 2 })
    const { accessToken, assetId, url } = await clipOf(harness)
    const sent = await harness.destination.putPart(await partOf(await tempFile(patternedBytes(10)), url))
    if (sent.kind !== 'stored') throw new Error(JSON.stringify(sent))
    const custody = { parts: [{ number: 1, offset: 0, size: 10, xxh64: sent.xxh64 }] }
    const { additions } = harness.destination
    const answers = [
      await additions?.putCustody({ accessToken, assetId, custody }, never),
      await additions?.getAsset({ accessToken, assetId }, never),
      await additions?.getAsset({ accessToken, assetId }, never),
    ]
    expect(answers.map((answer) => answer?.kind === 'custody' && answer.custody.verified)).toEqual([
      'pending',
      'pending',
      'verified',
    ])
  })

  it('hits the k-th matching request, as often as told', async () => {
    const { server, destination } = await startHarness()
    const fault = server.inject(faults.serverError, { operation: 'health', nth: 2, times: 2 })
    const kinds: string[] = []
    for (let count = 0; count < 5; count++) kinds.push((await destination.health(never)).kind)
    expect(kinds).toEqual(['healthy', 'failed', 'failed', 'healthy', 'healthy'])
    expect(fault.hitCount).toBe(2)
  })

  it('delays a reply, and gives the request up when its client does', async () => {
    const { server, destination } = await startHarness()
    const delayed = server.inject(faults.latency(3_600_000), { operation: 'health' })
    const stop = new AbortController()
    const asked = destination.health(stop.signal)
    await delayed.firstHit
    stop.abort()
    expect(await asked).toEqual({ kind: 'aborted' })
    await server.until(() => server.requests.every((request) => request.ended), 'the request ends')
    server.inject(faults.latency(5), { operation: 'health' })
    expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  })

  it('says what it waited for when that does not come', async () => {
    const { server } = await startHarness()
    await expect(server.until(() => false, 'the moon rises', 20)).rejects.toThrow('the moon rises: not within 20 ms')
  })
})
