import type { AssetCustody, CustodyRequest } from '@rushes/protocol'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { CustodyOutcome, Destination } from '../../src/destination/port.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { abandonForeignCustody, retryUploads } from '../../src/queue/decisions.ts'
import { recordFileDigest } from '../../src/queue/file-digests.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { nextDueAt } from '../../src/queue/waits.ts'
import { type CustodyTries, followCustody } from '../../src/upload/follow-custody.ts'
import { createGate } from '../../src/upload/gate.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

const unused = () => {
  throw new Error('not part of following custody')
}

const refusedWith = (status: number): CustodyOutcome => {
  const reply = { status, contentType: 'application/json', body: '{}', retryAfterMs: null, rateLimit: null }
  return { kind: 'failed', failure: { kind: 'reply', ...reply } }
}
const judged = (verified: AssetCustody['verified']): CustodyOutcome => ({
  kind: 'custody',
  custody: { id: 'asset-1', status: 'available', verified, missing: [], mismatch: null },
})

/** A clip whose parts have arrived, with a destination that answers all questions about it in the same way. */
function uploaded(given: CustodyOutcome, cuts: readonly number[] = [3_000]) {
  const { queue, clock } = testQueue()
  let answered = given
  const { id } = addClip(queue)
  const claim = claimRegistration(queue, 1)
  if (claim === null) throw new Error('there is one to register')
  const parts = cuts.map((sizeBytes, index) => ({
    number: index + 1,
    offset: 1_500 * index,
    sizeBytes,
    url: 'http://x/',
  }))
  recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  for (const _ of parts) {
    const part = claimPart(queue)
    if (part === null) throw new Error('there is a part to send')
    acknowledgePart(queue, part, '0123456789abcdef', false)
  }

  const asked: string[] = []
  const told: (string | undefined)[] = []
  const answer =
    (call: string) =>
    async (request: { accessToken: string; custody?: CustodyRequest }): Promise<CustodyOutcome> => {
      asked.push(call)
      if (request.custody !== undefined) told.push(request.custody.fileXxh64)
      return answered
    }
  const destination: Destination = {
    baseUrl: 'http://127.0.0.1:1',
    additions: {
      exchangeDeviceSecret: unused,
      putCustody: answer('put'),
      getAsset: answer('get'),
      putPurgeReceipt: unused,
      listAssets: unused,
    },
    ...{ requestPairingCode: unused, pollPairing: unused, refresh: unused, revoke: unused, me: unused },
    ...{ heartbeat: unused, health: unused, createAsset: unused, requestRealtimeParts: unused, putPart: unused },
  }
  const { signal } = new AbortController()
  const idle = () => undefined
  const options = {
    queue,
    destinationOf: () => destination,
    gate: createGate({
      probe: async () => true,
      now: queue.now,
      random: () => 0,
      signal,
      onOpen: idle,
      onChange: idle,
    }),
    authorization: { confirm: unused },
    random: () => 0,
    log: pino({ level: 'silent' }),
    signal,
  }
  const tries: CustodyTries = new Map()
  return {
    ...{ queue, clock, id, asked, told },
    follow: () => followCustody(options, tries),
    answer: (outcome: CustodyOutcome) => {
      answered = outcome
    },
    forget: () => tries.clear(),
    state: () => findUpload(queue, id)?.state,
  }
}

test('digests that the destination refuses for good are not sent again, the clip stays uploaded and a notice tells it', async () => {
  const { queue, clock, asked, follow, state } = uploaded(refusedWith(422))
  expect(await follow()).toBe(true)
  clock.now += 86_400_000
  expect(await follow()).toBe(false)
  expect(asked).toEqual(['put'])
  expect(state()).toMatchObject({ kind: 'uploaded', custody: 'abandoned' })
  const notices = readEvents(queue, 0, 100).filter(({ body }) => body.kind === 'notice')
  expect(notices).toMatchObject([{ body: { code: 'custodyRefused' } }])
})

test('custody that cannot be asked for is asked for less and less often, every few minutes in the end', async () => {
  const { queue, clock, asked, follow, state } = uploaded(refusedWith(409))
  const pausesMs: number[] = []
  for (let question = 1; question <= 14; question++) {
    expect(await follow()).toBe(true)
    const dueAt = nextDueAt(queue) ?? 0
    pausesMs.push(dueAt - clock.now)
    clock.now = dueAt
  }
  // The digests were never taken, so it is always they that are sent.
  expect(asked).toEqual(Array(14).fill('put'))
  expect(pausesMs).toEqual(pausesMs.toSorted((a, b) => a - b))
  expect(pausesMs.at(0)).toBeLessThan(5_000)
  expect(pausesMs.at(-1)).toBeGreaterThan(120_000)
  expect(pausesMs.at(-1)).toBeLessThan(600_000)
  expect(state()).toMatchObject({ kind: 'uploaded', custody: 'owed' })
})

const saying = (custody: Partial<AssetCustody>): CustodyOutcome => ({
  kind: 'custody',
  custody: { id: 'asset-1', status: 'created', verified: 'pending', missing: [], mismatch: null, ...custody },
})
const lackingParts = (...missing: number[]) => saying({ missing })

test('a destination that goes on lacking parts that it had acknowledged has lost them: the clip says so, and a retry sends it anew', async () => {
  const { queue, clock, id, follow, state } = uploaded(lackingParts(1, 2), [1_500, 1_500])
  const begunAt = clock.now
  while (state()?.kind === 'uploaded') {
    expect(await follow()).toBe(true)
    clock.now = nextDueAt(queue) ?? clock.now
  }
  expect(findUpload(queue, id)).toMatchObject({
    state: { kind: 'failed', reason: 'uploadLostByDestination' },
    error: { code: 'PARTS_LOST' },
  })
  expect(clock.now - begunAt).toBeGreaterThan(1_200_000)
  retryUploads(queue, [id])
  expect(claimRegistration(queue, 1)?.upload.id).toBe(id)
})

test.for([
  ['mismatch', judged('mismatch'), 'DIGEST_MISMATCH'],
  ['failed', saying({ status: 'failed' }), 'ASSET_LOST'],
] as const)('a clip of which the destination says %s tells why it has failed', async ([, outcome, code]) => {
  const { queue, id, follow } = uploaded(outcome)
  await follow()
  expect(findUpload(queue, id)).toMatchObject({ state: { kind: 'failed' }, error: { class: 'destination', code } })
})

test('a destination that learns of its parts one after the other has not lost them', async () => {
  const { queue, clock, follow, answer, state } = uploaded(lackingParts(1, 2), [1_500, 1_500])
  for (let question = 0; question < 400; question++) {
    if (question === 200) answer(lackingParts(2))
    await follow()
    clock.now = nextDueAt(queue) ?? clock.now
  }
  answer(judged('verified'))
  await follow()
  expect(state()?.kind).toBe('verified')
})

test('the digest of a whole file that is known when its parts have arrived goes with theirs', async () => {
  const { follow, told, state } = uploaded(judged('verified'))
  expect(await follow()).toBe(true)
  expect(told).toEqual(['0123456789abcdef'])
  expect(state()?.kind).toBe('verified')
  expect(await follow()).toBe(false)
})

const digest = 'fedcba9876543210'

test('the digest of a whole file that is known only after its clip was verified is told then, once', async () => {
  const { queue, id, follow, told, state } = uploaded(judged('verified'), [1_500, 1_500])
  await follow()
  expect(await follow()).toBe(false)
  recordFileDigest(queue, { id, assetId: 'asset-1' }, digest)
  expect(await follow()).toBe(true)
  expect(told).toEqual([undefined, digest])
  expect(state()?.kind).toBe('verified')
  expect(await follow()).toBe(false)
})

test.for([true, false])(
  'the digest of a whole file that comes while the destination still reads is told when it has read (restart: %s)',
  async (restarts) => {
    const { queue, clock, id, follow, told, answer, forget } = uploaded(judged('pending'), [1_500, 1_500])
    await follow()
    recordFileDigest(queue, { id, assetId: 'asset-1' }, digest)
    if (restarts) forget()
    answer(judged('verified'))
    clock.now += 60_000
    while (await follow());
    expect(told).toEqual([undefined, digest])
  },
)

test.for([422, 404])('a verified clip stays so whatever is said to its late digest: %d', async (status) => {
  const { queue, clock, id, follow, told, answer, state } = uploaded(judged('verified'), [1_500, 1_500])
  await follow()
  recordFileDigest(queue, { id, assetId: 'asset-1' }, digest)
  answer(refusedWith(503))
  expect(await follow()).toBe(true)
  expect(await follow()).toBe(false)
  clock.now += 600_000
  answer(refusedWith(status))
  await follow()
  clock.now += 600_000
  answer(judged('verified'))
  await follow()
  expect(await follow()).toBe(false)
  expect(told.slice(0, 3)).toEqual([undefined, digest, digest])
  expect(state()?.kind).toBe('verified')
  const [row] = queue.db.prepare('SELECT error_code AS code FROM uploads').all()
  expect(row?.code).toBeNull()
})

test('no digest is owed to a project that the device has left', async () => {
  const { queue, id, follow } = uploaded(judged('verified'), [1_500, 1_500])
  await follow()
  recordFileDigest(queue, { id, assetId: 'asset-1' }, digest)
  expect(nextDueAt(queue)).toBe(0)
  abandonForeignCustody(queue, 'project-b')
  expect(nextDueAt(queue)).toBeNull()
})
