import { describe, expect, it } from 'vitest'
import { createClip, never, pair, partOf, patternedBytes, startHarness, tempFile } from './harness.ts'

const receipt = {
  fromProjectId: 'project-1',
  toProjectId: 'project-2',
  clearedCount: 2,
  clearedBytes: 100,
  abortedCount: 1,
  idsXxh64: '0123456789abcdef',
  clearedAt: '2026-11-22T12:00:00.000Z',
}

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
          offsetSeconds: () => 60,
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
    const harness = await startHarness({ store: 'memory', minPartSizeBytes: 100 })
    const { destination, server } = harness
    const { accessToken } = await pair(harness)
    const growing = {
      accessToken,
      name: 'A.mp4',
      fileType: 'video/mp4',
      offsetSeconds: () => 0,
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
