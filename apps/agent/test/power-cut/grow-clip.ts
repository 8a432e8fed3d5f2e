import type { GrowingPart } from '@rushes/upload-core'
import { storeAddresses } from '../../src/queue/growing-claims.ts'
import { growingRows, markCompared, storeComparison, storeCut } from '../../src/queue/growing-parts.ts'
import { beginGrowth, completeGrowth, concludeGrowth, reopenGrowth } from '../../src/queue/growths.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, type PartClaim } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated, type SourceFacts } from '../../src/queue/registrations.ts'
import { addClip } from '../queue/test-queue.ts'
import type { PromiseMade } from './promises.ts'

const partBytes = 1_000

/**
 * A recording from its first bytes until custody of it is asked for: cut and sent while it grows, taken for complete too early, rewritten in one
 * place by its recorder, then finished by its head and its final part.
 */
export function growClip(queue: Queue, assetId: string, promise: (made: PromiseMade) => void): void {
  const added = addClip(queue, 0, { entry: { kind: 'growing' } })
  const uploadId = added.id
  promise({ kind: 'taken', uploadId })
  beginGrowth(queue, added, { bytesPerSecond: partBytes, extension: '.mov', source: sourceOf(uploadId, 3 * partBytes) })
  const claim = claimRegistration(queue, 100)
  if (claim === null) throw new Error('a recording can be claimed')
  promise(createSent(claim.upload))
  recordCreated(queue, claim, { assetId, urlsIssuedAt: queue.now(), parts: [] })
  promise({ kind: 'created', uploadId, assetId })

  const cut = (parts: readonly GrowingPart[], sizeBytes: number) =>
    storeCut(queue, { uploadId, assetId }, { parts, probe: { atBytes: 0, hex: 'ab' }, sizeBytes })
  const askForAddresses = () => {
    const parts = growingRows(queue, uploadId).filter(({ state, hasAddress }) => state === 'pending' && !hasAddress)
    // The destination knows these numbers with these sizes from here on: no other plan can be made any more.
    promise({
      kind: 'partsAsked',
      uploadId,
      parts: parts.map(({ number, offset, sizeBytes }) => ({ number, offset, sizeBytes })),
    })
    const withAddress = parts.map((part) => ({ ...part, url: `http://127.0.0.1:1/parts/${assetId}/${part.number}` }))
    storeAddresses(queue, { uploadId, assetId }, queue.now(), withAddress)
  }
  const sendAll = () => {
    for (let part = claimPart(queue); part !== null; ) part = send(queue, part, promise)
  }

  cut([partOf(1, 'head'), partOf(2, 'middle'), partOf(3, 'middle')], 3 * partBytes + 1)
  askForAddresses()
  sendAll()
  // It rests, and is written to once more before its end has left.
  completeGrowth(queue, added, sourceOf(uploadId, 4 * partBytes))
  cut([partOf(4, 'final')], 4 * partBytes)
  reopenGrowth(queue, uploadId)
  cut([partOf(4, 'middle')], 4 * partBytes + 1)
  askForAddresses()
  sendAll()

  completeGrowth(queue, added, sourceOf(uploadId, 5 * partBytes))
  cut([partOf(5, 'final')], 5 * partBytes)
  promise({ kind: 'mayGoAgain', uploadId, number: 3 })
  storeComparison(queue, uploadId, { same: [2, 4], changed: [3] })
  promise({ kind: 'goesAgain', uploadId, number: 3 })
  markCompared(queue, uploadId)
  askForAddresses()
  sendAll()
  promise({ kind: 'sent', uploadId })
  concludeGrowth(queue, uploadId, true)
  promise({ kind: 'compared', uploadId })
}

/** What a create said, which it has to say again should its reply be lost. */
export const createSent = ({
  id,
  createKey,
  createName,
  partsAsked,
}: {
  id: string
  createKey: string
  createName: string | null
  partsAsked: number | null
}): PromiseMade => ({ kind: 'createSent', uploadId: id, createKey, createName, partsAsked })

/** Sends a part and stores that it has arrived; the next one. */
export function send(queue: Queue, claim: PartClaim, promise: (made: PromiseMade) => void): PartClaim | null {
  const { upload, number, attempts } = claim
  promise({ kind: 'partSent', uploadId: upload.id, number, attempts })
  const { next } = acknowledgePart(queue, claim, number.toString(16).padStart(16, '0'), true)
  promise({ kind: 'acknowledged', uploadId: upload.id, number })
  return next
}

const partOf = (number: number, role: GrowingPart['role']): GrowingPart => ({
  ...{ number, role },
  offset: (number - 1) * partBytes,
  sizeBytes: partBytes,
})

const sourceOf = (uploadId: string, sizeBytes: number): SourceFacts => ({
  ...{ volumeId: 'volume-1', inode: `inode of ${uploadId}`, inodeIsStable: true, sizeBytes, modifiedUs: sizeBytes },
  identityKey: null,
  statKey: null,
})
