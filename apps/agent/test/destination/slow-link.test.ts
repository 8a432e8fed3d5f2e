import { startTcpFaultProxy } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { isHopeless, lastResortMs } from '../../src/destination/last-resort.ts'
import { replyLimitMs } from '../../src/destination/reply-limit.ts'
import { createClip, pair, partOf, patternedBytes, startHarness, tempFile, xxh64 } from './harness.ts'

const bytes = patternedBytes(4_000_000)
const bytesPerSecond = 800_000
/**
 * The system's buffer on a local connection takes what this line carries in three times as long. The other side takes some 300 kB at a time,
 * and that is also what it still has to pass on when nothing is left here: much less than this line carries within the limit.
 */
const stallMs = 1_500

async function throughProxy() {
  const harness = await startHarness()
  const { accessToken } = await pair(harness)
  const clip = await createClip(harness, accessToken, { sizeBytes: bytes.length, partCount: 1 })
  const proxy = await startTcpFaultProxy({ port: Number(new URL(harness.server.url).port) })
  const url = new URL(clip.uploadUrls[0] ?? '')
  url.port = String(proxy.port)
  return { ...harness, proxy, part: await partOf(await tempFile(bytes), url.href, { stallMs }) }
}

test('a slow line that moves all the time never stalls, though the system takes no byte for much longer than the limit', async ({
  onTestFinished,
}) => {
  const { destination, proxy, part } = await throughProxy()
  onTestFinished(() => proxy.close())
  proxy.inject({ kind: 'bandwidth', bytesPerSecond })
  let lastTakenMs = performance.now()
  let longestGapMs = 0
  const onBytes = () => {
    longestGapMs = Math.max(longestGapMs, performance.now() - lastTakenMs)
    lastTakenMs = performance.now()
  }
  expect(await destination.putPart({ ...part, onBytes })).toEqual({ kind: 'stored', xxh64: await xxh64(bytes) })
  onBytes()
  expect(longestGapMs).toBeGreaterThan(stallMs)
})

test('a slow line that falls silent in the middle stalls', async ({ onTestFinished }) => {
  const { destination, proxy, part, server } = await throughProxy()
  onTestFinished(() => proxy.close())
  proxy.inject({ kind: 'bandwidth', bytesPerSecond })
  proxy.inject({ kind: 'stall', afterBytes: 600_000 })
  expect(await destination.putPart(part)).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
  expect(server.completedAssets()).toEqual([])
})

test('a part is given up only when at its rate it would outlive its address, and never before half an hour', () => {
  const part = { sizeBytes: 1_638_536_679, takenBytes: 40_000_000, elapsedMs: lastResortMs }
  expect(isHopeless(part)).toBe(false)
  expect(isHopeless({ ...part, takenBytes: 30_000_000 })).toBe(true)
  expect(isHopeless({ ...part, takenBytes: 30_000_000, elapsedMs: lastResortMs - 1 })).toBe(false)
  expect(isHopeless({ ...part, takenBytes: 0 })).toBe(true)
  expect(isHopeless({ ...part, takenBytes: part.sizeBytes, elapsedMs: 86_400_000 })).toBe(false)
})

test('the wait for a reply grows with the part and with the time that its bytes took, up to half an hour', () => {
  const part = { sizeBytes: 100_000, elapsedMs: 4, stallMs: 45_000 }
  expect(replyLimitMs(part)).toBe(45_005)
  expect(replyLimitMs({ ...part, sizeBytes: 1_638_536_679 })).toBeCloseTo(45_000 + 81_927, 0)
  expect(replyLimitMs({ ...part, elapsedMs: 600_000 })).toBe(645_000)
  expect(replyLimitMs({ ...part, elapsedMs: 86_400_000 })).toBe(lastResortMs)
  expect(replyLimitMs({ ...part, stallMs: 3_600_000 })).toBe(3_600_000)
})
