import { expect, test } from 'vitest'
import { readDeviceStatus } from '../../src/daemon/device-status.ts'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { uploadReportOf } from '../../src/queue/upload-report.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

const largestFileBytes = 5_497_558_138_880

test.for([2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, largestFileBytes - 1, largestFileBytes])(
  'a clip of %i bytes is kept, counted and told to the byte, in the queue and after a restart',
  (sizeBytes) => {
    const tested = testQueue()
    const { id } = addClip(tested.queue, sizeBytes)
    const claim = claimRegistration(tested.queue, 10)
    if (claim === null) throw new Error('there is one to register')
    const parts = [
      { number: 1, offset: 0, sizeBytes: sizeBytes - 1, url: 'http://x/1' },
      { number: 2, offset: sizeBytes - 1, sizeBytes: 1, url: 'http://x/2' },
    ]
    recordCreated(tested.queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts })
    const first = claimPart(tested.queue)
    if (first === null) throw new Error('there is a part to send')
    expect(first.sizeBytes).toBe(sizeBytes - 1)
    const next = acknowledgePart(tested.queue, first, '0123456789abcdef', true).next
    expect(next?.offset).toBe(sizeBytes - 1)

    const queue = tested.reopen()
    const upload = findUpload(queue, id)
    if (upload === null) throw new Error('the upload is gone')
    expect(uploadReportOf(upload)).toMatchObject({ sizeBytes, bytesAcknowledged: sizeBytes - 1 })
    const bytes = { captured: sizeBytes, acknowledged: sizeBytes - 1, waiting: 1 }
    expect(readDeviceStatus(queue, null).bytes).toMatchObject(bytes)
    expect(readFolderSums(queue, [])[0]?.bytes).toMatchObject(bytes)
  },
)

test('the sums of a thousand clips of the largest size are exact', () => {
  const { queue } = testQueue()
  queue.transact(() => {
    for (let count = 0; count < 1_000; count++) addClip(queue, largestFileBytes)
  })
  expect(readDeviceStatus(queue, null).bytes.captured).toBe(1_000 * largestFileBytes)
})
