import { describe, expect, it } from 'vitest'
import { createClip, never, pair, partOf, patternedBytes, sparseFile, startHarness, tempFile } from './harness.ts'

describe('connections', () => {
  it('are used again: calls and parts one after the other do not each open one', async () => {
    const harness = await startHarness({ chunkSizeBytes: 100_000 })
    const { accessToken } = await pair(harness)
    const clip = await createClip(harness, accessToken, { sizeBytes: 2_000_000 })
    const whole = await partOf(await tempFile(patternedBytes(2_000_000)), '')
    for (const [index, url] of clip.uploadUrls.entries()) {
      const file = { ...whole.file, offsetBytes: index * 100_000, sizeBytes: 100_000 }
      expect((await harness.destination.putPart({ ...whole, url, file })).kind).toBe('stored')
      await harness.destination.heartbeat(accessToken, never)
    }
    expect(harness.server.requests.length).toBe(3 + 1 + 2 * 20)
    // The pool may open a second one when a request follows the reply of another in the same turn of the event loop.
    expect(harness.server.connectionCount).toBeLessThanOrEqual(2)
  })

  it('are as many as requests at once, and no more', async () => {
    const harness = await startHarness({ chunkSizeBytes: 500_000 })
    const { accessToken } = await pair(harness)
    const clip = await createClip(harness, accessToken, { sizeBytes: 16_000_000 })
    const whole = await partOf(await tempFile(patternedBytes(16_000_000)), '')
    const waiting = [...clip.uploadUrls.entries()]
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, url] = next
        const file = { ...whole.file, offsetBytes: index * 500_000, sizeBytes: 500_000 }
        expect((await harness.destination.putPart({ ...whole, url, file })).kind).toBe('stored')
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(harness.server.completedAssets().length).toBe(1)
    expect(harness.server.connectionCount).toBeLessThanOrEqual(4)
  })

  it('leave room for a call of the API while every worker sends a part', async () => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    const clip = await createClip(harness, accessToken, { sizeBytes: 1_000 })
    const held = harness.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part', times: 4 })
    const part = await partOf(await tempFile(patternedBytes(1_000)), clip.uploadUrls[0])
    const sending = [1, 2, 3, 4].map(() => harness.destination.putPart(part))
    await harness.server.until(() => held.hitCount === 4, 'four parts are on their way')

    expect(await harness.destination.heartbeat(accessToken, never)).toEqual({ kind: 'heard' })

    held.remove()
    for (const outcome of await Promise.all(sending)) expect(outcome.kind).toBe('stored')
  })
})

describe('memory', () => {
  it('stays flat while a part of 300 MB is sent', async () => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    const sizeBytes = 300_000_000
    const clip = await createClip(harness, accessToken, { sizeBytes, partCount: 1 })
    const path = await sparseFile(sizeBytes)
    const before = process.memoryUsage()
    let peakBuffersBytes = 0
    let peakHeapBytes = 0
    const onBytes = () => {
      const { arrayBuffers, heapUsed } = process.memoryUsage()
      peakBuffersBytes = Math.max(peakBuffersBytes, arrayBuffers - before.arrayBuffers)
      peakHeapBytes = Math.max(peakHeapBytes, heapUsed - before.heapUsed)
    }

    const outcome = await harness.destination.putPart(await partOf(path, clip.uploadUrls[0], { onBytes }))

    expect(outcome.kind).toBe('stored')
    expect(harness.server.requestsOf('part')[0]?.headers['content-length']).toBe(String(sizeBytes))
    expect(harness.server.completedAssets().length).toBe(1)
    // The receiving side runs in this process too and leaves its chunks to the collector.
    expect(peakBuffersBytes).toBeLessThan(150_000_000)
    expect(peakHeapBytes).toBeLessThan(60_000_000)
  })
})
