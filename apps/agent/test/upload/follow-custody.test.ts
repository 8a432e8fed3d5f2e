import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { CustodyOutcome, Destination } from '../../src/destination/port.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
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

/** A clip whose parts have arrived, with a destination that answers all questions about it in the same way. */
function uploaded(status: number) {
  const { queue, clock } = testQueue()
  const { id } = addClip(queue)
  const claim = claimRegistration(queue, 1)
  if (claim === null) throw new Error('there is one to register')
  const parts = [{ number: 1, offset: 0, sizeBytes: 3_000, url: 'http://x/' }]
  recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const part = claimPart(queue)
  if (part === null) throw new Error('there is a part to send')
  acknowledgePart(queue, part, '0123456789abcdef', true)

  const asked: string[] = []
  const answer = (call: string) => async (): Promise<CustodyOutcome> => {
    asked.push(call)
    const reply = { status, contentType: 'application/json', body: '{}', retryAfterMs: null, rateLimit: null }
    return { kind: 'failed', failure: { kind: 'reply', ...reply } }
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
  return { queue, clock, asked, follow: () => followCustody(options, tries), state: () => findUpload(queue, id)?.state }
}

test('digests that the destination refuses for good are not sent again, the clip stays uploaded and a notice tells it', async () => {
  const { queue, clock, asked, follow, state } = uploaded(422)
  expect(await follow()).toBe(true)
  clock.now += 86_400_000
  expect(await follow()).toBe(false)
  expect(asked).toEqual(['put'])
  expect(state()).toMatchObject({ kind: 'uploaded', custody: 'abandoned' })
  const notices = readEvents(queue, 0, 100).filter(({ body }) => body.kind === 'notice')
  expect(notices).toMatchObject([{ body: { code: 'custodyRefused' } }])
})

test('custody that cannot be asked for is asked for less and less often, every few minutes in the end', async () => {
  const { queue, clock, asked, follow, state } = uploaded(409)
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
