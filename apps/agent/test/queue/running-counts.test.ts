import { expect, test } from 'vitest'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, countSending, type PartClaim } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { smallFileMaxBytes } from '../../src/queue/small-file.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

const large = smallFileMaxBytes + 1
const unbounded = { small: 100, large: 100, all: 100 }

/** Clips that have their addresses, of one part each. */
function registered(queue: Queue, sizes: readonly number[]) {
  for (const sizeBytes of sizes) {
    addClip(queue, sizeBytes)
    store(queue, claimRegistration(queue, 100))
  }
}

function store(queue: Queue, claim: ReturnType<typeof claimRegistration>) {
  if (claim === null) throw new Error('there is one to register')
  const parts = [{ number: 1, offset: 0, sizeBytes: claim.upload.sizeBytes, url: 'http://x/1' }]
  return recordCreated(queue, claim, { assetId: `asset-${claim.token}`, urlsIssuedAt: startOfTime, parts })
}

const claimed = (queue: Queue, count: number): PartClaim[] =>
  Array.from({ length: count }, () => claimPart(queue)).filter((claim) => claim !== null)

test.for([
  ['of small files', { ...unbounded, small: 2 }, { small: 2, large: 3 }],
  ['of large files', { ...unbounded, large: 1 }, { small: 4, large: 1 }],
  ['in all', { ...unbounded, all: 3 }, null],
] as const)('in one transaction no more parts %s are claimed than may be on their way', ([, limits, expected]) => {
  const { queue } = testQueue()
  registered(queue, [1, 2, 3, 4, large, large, large])
  queue.partLimits = limits
  const claims = queue.transact(() => claimed(queue, 9))
  const sending = countSending(queue)
  if (expected === null) expect(sending.small + sending.large).toBe(3)
  else expect(sending).toEqual(expected)
  expect(claims).toHaveLength(sending.small + sending.large)
})

test('what arrives in a transaction makes room for the next one within it', () => {
  const { queue } = testQueue()
  registered(queue, [1, 2, 3])
  queue.partLimits = { ...unbounded, small: 1 }
  const [first] = claimed(queue, 1)
  if (first === undefined) throw new Error('there is a part')
  const nexts = queue.transact(() => {
    const { next } = acknowledgePart(queue, first, '0123456789abcdef', true)
    return [next, ...claimed(queue, 2)]
  })
  expect(nexts).toMatchObject([{ upload: { sizeBytes: 2 } }])
  expect(countSending(queue)).toEqual({ small: 1, large: 0 })
})

test('in one transaction no more files are registered than may have addresses, and one that is uploaded makes room', () => {
  const { queue } = testQueue()
  registered(queue, [1])
  const [part] = claimed(queue, 1)
  if (part === undefined) throw new Error('there is a part')
  for (const sizeBytes of [2, 3, 4]) addClip(queue, sizeBytes)
  const counts = queue.transact(() => {
    const first = claimRegistration(queue, 2)
    store(queue, first)
    const whileFull = claimRegistration(queue, 2)
    acknowledgePart(queue, part, '0123456789abcdef', false)
    return [first, whileFull, claimRegistration(queue, 2)].map((claim) => claim?.upload.sizeBytes ?? null)
  })
  expect(counts).toEqual([2, null, 3])
})

test('a transaction that is undone leaves no counts behind', () => {
  const { queue } = testQueue()
  registered(queue, [1, 2])
  queue.partLimits = { ...unbounded, small: 1 }
  const undone = () =>
    queue.transact(() => {
      claimed(queue, 1)
      throw new Error('undone')
    })
  expect(undone).toThrow('undone')
  expect(claimed(queue, 2)).toHaveLength(1)
})

test('what was cancelled while its only part was on its way has arrived all the same: it is read again before its part counts', () => {
  const { queue } = testQueue({ isOurs: false })
  registered(queue, [1])
  const [part] = claimed(queue, 1)
  if (part === undefined) throw new Error('there is a part')
  applyUploadEvent(queue, part.upload.id, { kind: 'cancelled', reason: 'cancelledByOperator' })
  acknowledgePart(queue, part, '0123456789abcdef', false)
  expect(findUpload(queue, part.upload.id)).toMatchObject({ state: { kind: 'uploaded' }, bytesAcknowledged: 1 })
})
