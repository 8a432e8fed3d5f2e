import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDeviceStatus } from '../../src/daemon/device-status.ts'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { resetUploads, retryUploads } from '../../src/queue/decisions.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, recordPartFailure, returnPart } from '../../src/queue/part-claims.ts'
import { uploadsAfter } from '../../src/queue/queue-reports.ts'
import { adoptSource, claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { rescueClaims } from '../../src/queue/waits.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

const error = { class: 'destination', code: 'E', message: 'because' } as const
const clipCount = 3
const partsPerClip = 3
const partBytes = 1_000

/** What can happen to a device whose clips stay as they are. */
const happenings = {
  register(queue: Queue, assetNumber: number) {
    const claim = claimRegistration(queue, 10)
    if (claim === null) return
    const parts = Array.from({ length: partsPerClip }, (_, index) => ({
      ...{ number: index + 1, offset: index * partBytes, sizeBytes: partBytes, url: `http://x/${index + 1}` },
    }))
    recordCreated(queue, claim, { assetId: `asset-${assetNumber}`, urlsIssuedAt: startOfTime, parts })
  },
  acknowledge(queue: Queue) {
    const part = claimPart(queue)
    if (part !== null) acknowledgePart(queue, part, '0123456789abcdef', false)
  },
  loseAsset(queue: Queue) {
    const part = claimPart(queue)
    if (part !== null) recordPartFailure(queue, part, { kind: 'startOver', reason: 'uploadLostByDestination' }, error)
  },
  addressesRunOut(queue: Queue) {
    const part = claimPart(queue)
    if (part !== null) recordPartFailure(queue, part, { kind: 'startOver', reason: 'urlExpired' }, error)
  },
  changeUnderWay(queue: Queue) {
    const part = claimPart(queue)
    if (part !== null) recordPartFailure(queue, part, { kind: 'fail', reason: 'sourceChanged' }, error)
  },
  returnPart(queue: Queue) {
    const part = claimPart(queue)
    if (part !== null) returnPart(queue, part)
  },
  custody(queue: Queue) {
    for (const { id, state } of uploadsAfter(queue, null, clipCount))
      if (state === 'uploaded') applyUploadEvent(queue, id, { kind: 'custodyAnswered', answer: 'verified' })
  },
  mismatch(queue: Queue) {
    for (const { id, state } of uploadsAfter(queue, null, clipCount))
      if (state === 'uploaded') applyUploadEvent(queue, id, { kind: 'custodyAnswered', answer: 'mismatch' })
  },
  retry: (queue: Queue) => void retryUploads(queue, null),
  reset: (queue: Queue) => void resetUploads(queue, null),
  restart: (queue: Queue) => void rescueClaims(queue, () => 0.5),
} as const satisfies Record<string, (queue: Queue, step: number) => void>
const names = Object.keys(happenings) as (keyof typeof happenings)[]

test('captured, acknowledged and verified never go back nor past what is captured, of a clip, a folder and the device, whatever is lost on the way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...names, 'acknowledge' as const, 'register' as const), { maxLength: 60 }),
      (steps) => {
        const { queue, clock } = testQueue()
        for (let count = 0; count < clipCount; count++) addClip(queue, partsPerClip * partBytes)
        const seen = new Map<string, number>()
        const neverLess = (what: string, value: number) => {
          expect(value, what).toBeGreaterThanOrEqual(seen.get(what) ?? 0)
          seen.set(what, value)
        }
        for (const [step, name] of steps.entries()) {
          happenings[name](queue, step)
          clock.now += 600_000
          for (const { id, bytesAcknowledged, bytesLost = 0, sizeBytes } of uploadsAfter(queue, null, clipCount)) {
            neverLess(id, bytesAcknowledged)
            expect(bytesAcknowledged).toBeLessThanOrEqual(sizeBytes)
            expect(bytesAcknowledged - bytesLost).toBe(findUpload(queue, id)?.bytesAcknowledged)
          }
          const folder = readFolderSums(queue, [])[0]?.bytes
          const { bytes } = readDeviceStatus(queue, null)
          expect(folder).toEqual(bytes)
          for (const key of ['captured', 'acknowledged', 'verified'] as const) neverLess(key, bytes[key])
          expect(bytes.acknowledged).toBeLessThanOrEqual(bytes.captured)
          expect(bytes.verified).toBeLessThanOrEqual(bytes.acknowledged)
        }
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

/** A queue with one clip, two of whose three parts have arrived. */
function halfSent() {
  const { queue } = testQueue()
  const { id } = addClip(queue, partsPerClip * partBytes)
  happenings.register(queue, 1)
  happenings.acknowledge(queue)
  happenings.acknowledge(queue)
  return { queue, id, report: () => uploadsAfter(queue, null, 1)[0], bytes: () => readDeviceStatus(queue, null).bytes }
}

test('what a destination has lost is told beside what it had, and counts as to go', () => {
  const { queue, report, bytes } = halfSent()
  happenings.loseAsset(queue)
  expect(report()).toMatchObject({ bytesAcknowledged: 2_000, bytesLost: 2_000, partsDone: 0 })
  expect(bytes()).toMatchObject({ captured: 3_000, acknowledged: 2_000, waiting: 3_000 })
  happenings.register(queue, 2)
  happenings.acknowledge(queue)
  expect(report()).toMatchObject({ bytesAcknowledged: 2_000, bytesLost: 1_000, partsDone: 1 })
  happenings.acknowledge(queue)
  happenings.acknowledge(queue)
  expect(report()).toMatchObject({ bytesAcknowledged: 3_000, state: 'uploaded' })
  expect(report()?.bytesLost).toBeUndefined()
  expect(bytes()).toMatchObject({ captured: 3_000, acknowledged: 3_000, waiting: 0 })
})

test('another file under the name of a clip counts from nothing, and is never shown as sent', () => {
  const { queue, id, report } = halfSent()
  happenings.changeUnderWay(queue)
  retryUploads(queue, [id])
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  const { source } = claim.upload
  adoptSource(queue, claim.upload, { ...source, sizeBytes: 1_500, modifiedUs: 2 })
  expect(report()).toMatchObject({ sizeBytes: 1_500, bytesAcknowledged: 0 })
  expect(report()?.bytesLost).toBeUndefined()
})
