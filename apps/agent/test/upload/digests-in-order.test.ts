import { expect, test } from 'vitest'
import { resetUploads } from '../../src/queue/decisions.ts'
import { acknowledgePart, claimPart, type PartClaim } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { createDigestsInOrder } from '../../src/upload/digests-in-order.ts'
import { hashBytes } from '../../src/xxh64.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 7) % 251))

/** A clip of three parts, all of them claimed. */
function threeParts() {
  const { queue, clock } = testQueue()
  const { id } = addClip(queue)
  const registration = claimRegistration(queue, 1)
  if (registration === null) throw new Error('there is one to register')
  const parts = [1, 2, 3].map((number) => ({
    number,
    offset: (number - 1) * 1_000,
    sizeBytes: 1_000,
    url: 'http://x/',
  }))
  recordCreated(queue, registration, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const claim = (): PartClaim => {
    const claimed = claimPart(queue)
    if (claimed === null) throw new Error('there is a part to send')
    return claimed
  }
  return { queue, id, claims: [claim(), claim(), claim()] as const }
}

const piecesOf = ({ offset, sizeBytes }: PartClaim) => [
  bytes.subarray(offset, offset + 300),
  bytes.subarray(offset + 300, offset + sizeBytes),
]

test('parts that leave one after the other give the digest of their file with the last', () => {
  const { claims } = threeParts()
  const digests = createDigestsInOrder()
  const given = claims.map((claim) => {
    const part = digests.begin(claim)
    for (const piece of piecesOf(claim)) part?.update(piece)
    const digest = part?.arrived()
    part?.end()
    return digest
  })
  expect(given).toEqual([null, null, hashBytes(bytes)])
})

test.each([
  ['two parts leave at once', [1, 2, 3], []],
  ['a part is sent again from its beginning', [1, 2, 2, 3], [1]],
  ['a part is left out, since it had arrived before', [1, 3], []],
  ['it begins in the middle, after a restart', [2, 3], []],
])('no digest of a file is given when %s', (what, numbers, failed) => {
  const { claims } = threeParts()
  const digests = createDigestsInOrder()
  const isAtOnce = what.startsWith('two parts')
  const given: (string | null | undefined)[] = []
  const open: (() => void)[] = []
  for (const [index, number] of numbers.entries()) {
    const claim = claims[number - 1]
    if (claim === undefined) throw new Error('no such part')
    const part = digests.begin(claim)
    for (const piece of piecesOf(claim)) part?.update(piece)
    const arrive = () => {
      if (!failed.includes(index)) given.push(part?.arrived())
      part?.end()
    }
    if (isAtOnce && number === 1) open.push(arrive)
    else arrive()
    if (number === 2) for (const late of open.splice(0)) late()
  }
  expect(given.every((digest) => digest == null)).toBe(true)
})

test('a file that begins anew from its first part gets its digest', () => {
  const { claims } = threeParts()
  const digests = createDigestsInOrder()
  const first = digests.begin(claims[0])
  first?.update(Buffer.from('what was on its way when the connection broke'))
  first?.end()
  const given = claims.map((claim) => {
    const part = digests.begin(claim)
    for (const piece of piecesOf(claim)) part?.update(piece)
    return part?.arrived()
  })
  expect(given.at(-1)).toBe(hashBytes(bytes))
})

test('the digest of the file is stored with the last part, and forgotten with the parts', () => {
  const { queue, id, claims } = threeParts()
  for (const claim of claims)
    acknowledgePart(queue, claim, hashBytes(bytes), false, claim.number === 3 ? 'f'.repeat(16) : null)
  const stored = () => queue.db.prepare('SELECT file_xxh64 AS xxh64 FROM uploads WHERE id = ?').get(id)?.xxh64
  expect(stored()).toBe('f'.repeat(16))
  queue.db.exec("UPDATE uploads SET state = 'failed', reason = 'digestMismatch', step = NULL, custody = 'none'")
  resetUploads(queue, [id])
  expect(stored()).toBeNull()
})

test('of a clip that is a single part its digest is that of the file', () => {
  const { queue, clock } = testQueue()
  addClip(queue)
  const registration = claimRegistration(queue, 1)
  if (registration === null) throw new Error('there is one to register')
  const parts = [{ number: 1, offset: 0, sizeBytes: 3_000, url: 'http://x/' }]
  recordCreated(queue, registration, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const claim = claimPart(queue)
  if (claim === null) throw new Error('there is a part to send')
  expect(createDigestsInOrder().begin(claim)).toBeNull()
  acknowledgePart(queue, claim, hashBytes(bytes), false)
  expect(queue.db.prepare('SELECT file_xxh64 AS xxh64 FROM uploads').get()?.xxh64).toBe(hashBytes(bytes))
})
