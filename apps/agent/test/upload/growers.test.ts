import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Destination, RealtimeParts } from '../../src/destination/port.ts'
import { growingRows } from '../../src/queue/growing-parts.ts'
import { beginGrowth, completeGrowth, findGrowth } from '../../src/queue/growths.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import type { StoredUpload } from '../../src/queue/stored-upload.ts'
import type { GrowOptions } from '../../src/upload/grow.ts'
import { createGrowers } from '../../src/upload/growers.ts'
import { addAndRead, startOfTime, testQueue } from '../queue/test-queue.ts'

const mebibyte = 1_048_576
/** Zeros that take no room on the disk; to read them takes a while all the same. */
const hugeBytes = 32 * 1_024 * mebibyte

function recordings() {
  const { queue } = testQueue()
  const dir = mkdtempSync(join(tmpdir(), 'rushes-growers-'))
  const stop = new AbortController()
  const calls: RealtimeParts[] = []
  const destination: Partial<Destination> = {
    async requestRealtimeParts(request) {
      calls.push(request)
      return { kind: 'addresses', uploadUrls: request.parts.map(() => 'http://127.0.0.1:1/'), rateLimit: null }
    },
  }
  // Of gate, authorization and destination only what is called here is there.
  const options = {
    ...{ queue, random: () => 0.5, log: pino({ level: 'silent' }), signal: stop.signal },
    ...{ destinationOf: () => destination, gate: { isOpen: () => true, succeeded: () => undefined } },
  } as unknown as Omit<GrowOptions, 'sizes'>
  const growers = createGrowers(options)
  queue.listen(growers.hear)
  onTestFinished(() => {
    stop.abort()
    rmSync(dir, { recursive: true, force: true })
  })
  return { queue, dir, growers, calls, stop }
}

const factsOf = (path: string) => {
  const stat = statSync(path, { bigint: true })
  const modifiedUs = Number(stat.mtimeNs / 1_000n)
  const keys = { identityKey: null, statKey: null }
  return {
    volumeId: 'volume-1',
    inode: String(stat.ino),
    inodeIsStable: true,
    sizeBytes: Number(stat.size),
    modifiedUs,
    ...keys,
  }
}

/** A recording that is sent while it grows, with an asset and nothing cut of it yet. */
function begin(queue: Queue, path: string, sizeBytes: number): StoredUpload {
  writeFileSync(path, '')
  truncateSync(path, sizeBytes)
  const source = factsOf(path)
  const upload = addAndRead(queue, {
    file: { ...source, path, watchFolder: null },
    ...{ name: 'A.r3d', mimeType: 'application/octet-stream', channel: 0, capturedAt: startOfTime },
    entry: { kind: 'growing' },
  })
  beginGrowth(queue, upload, {
    bytesPerSecond: sizeBytes === hugeBytes ? 549_755_813 : 5_242_880,
    extension: '.r3d',
    source,
  })
  const claim = claimRegistration(queue, 64)
  if (claim === null) throw new Error('there is one to register')
  recordCreated(queue, claim, { assetId: `asset of ${path}`, urlsIssuedAt: startOfTime, parts: [] })
  queue.tell({ kind: 'growth', uploadId: upload.id, sizeBytes })
  return upload
}

/** Sends what has an address. */
function sendAll(queue: Queue): void {
  for (let claim = claimPart(queue); claim !== null; claim = claimPart(queue))
    acknowledgePart(queue, claim, '0123456789abcdef', false)
}

test('recordings go on to be cut, and others that end are compared, while long ones that have ended are read for minutes', async () => {
  const { queue, dir, growers, stop } = recordings()
  const long = [begin(queue, join(dir, 'A.r3d'), hugeBytes), begin(queue, join(dir, 'B.r3d'), hugeBytes)]
  const short = begin(queue, join(dir, 'C.mov'), 40 * mebibyte)
  await growers.lanes[0]?.()
  sendAll(queue)
  for (const { id, source } of [...long, short]) {
    const upload = { id, source } as StoredUpload
    completeGrowth(queue, upload, factsOf(source.path))
  }
  const open = begin(queue, join(dir, 'D.r3d'), 40 * mebibyte)
  const reading = growers.lanes.map((lane) => lane())
  await expect.poll(() => findGrowth(queue, short.id)?.isCompared, { timeout: 20_000 }).toBe(true)
  expect(growingRows(queue, open.id).filter(({ hasAddress }) => hasAddress).length).toBeGreaterThan(1)
  expect(long.map(({ id }) => findGrowth(queue, id)?.isCompared)).toEqual([false, false])
  stop.abort()
  await Promise.all(reading)
})

test('all the parts of a file that grew while nothing could be asked get their addresses in one call', async () => {
  const { queue, dir, growers, calls } = recordings()
  const { id } = begin(queue, join(dir, 'A.mov'), 10 * 6 * mebibyte)
  await growers.lanes[0]?.()
  expect(growingRows(queue, id).length).toBeGreaterThanOrEqual(10)
  expect(calls.map(({ parts }) => parts.length)).toEqual([growingRows(queue, id).length])
})
