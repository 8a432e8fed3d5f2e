import { pino } from 'pino'
import { expect, test } from 'vitest'
import { noteServerTime } from '../../src/queue/capture-clock.ts'
import { loseAuthorization, storeControlLink, storeTokens } from '../../src/queue/links.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { nearPairingEnd } from '../../src/queue/pairing-end.ts'
import { warnOnce } from '../../src/upload/warn-of-pairing-end.ts'
import { testQueue } from '../queue/test-queue.ts'

const hour = 3_600_000
const day = 24 * hour

/** A device at a foreign destination, that looks for the end of its pairing from time to time. */
function device(options: { isOurs?: boolean } = {}) {
  const tested = testQueue({ isOurs: false, ...options })
  const { queue, clock } = tested
  let warnedOf: string | null = null
  const look = () => {
    warnedOf = warnOnce(queue, pino({ level: 'silent' }), warnedOf)
    return readEvents(queue, 0, 1_000).flatMap(({ body }) => (body.kind === 'notice' ? [body.message] : []))
  }
  const renew = (from: string, refreshToken: string) =>
    storeTokens(queue, from, { accessToken: 'access-2', accessExpiresAt: clock.now + 8 * hour, refreshToken })
  return { ...tested, look, renew }
}

test('from the twelfth day without a renewal people are told, once, when the pairing ends', () => {
  const { queue, clock, look } = device()
  clock.now += 12 * day - 1
  expect(look()).toEqual([])
  clock.now += 1
  expect(look()).toEqual(['http://127.0.0.1:1 was not reached for days: the pairing ends in 48 h unless it is by then'])
  clock.now += hour
  expect(look()).toHaveLength(1)
  expect(nearPairingEnd(queue)?.leftMs).toBe(47 * hour)
  clock.now += 30 * day
  expect(nearPairingEnd(queue)?.leftMs).toBe(0)
})

test('a renewal ends the warning, and another twelve days without one bring the next', () => {
  const { queue, clock, look, renew } = device()
  clock.now += 13 * day
  look()
  expect(renew('refresh-1', 'refresh-2')).toBe(true)
  expect(nearPairingEnd(queue)).toBeNull()
  clock.now += 12 * day
  expect(look()).toHaveLength(2)
})

test.for([365 * day, -365 * day])(
  'a clock that is set by %d ms neither brings the warning nor keeps it away',
  (byMs) => {
    const { queue, clock } = device()
    clock.now += byMs
    clock.bootedAt += byMs
    expect(nearPairingEnd(queue)).toBeNull()
    clock.now += 12 * day
    expect(nearPairingEnd(queue)?.leftMs).toBe(2 * day)
  },
)

test('across boots the destination’s clock tells how long it was, where it was heard', () => {
  const { queue: before, clock, reopen } = device()
  noteServerTime(before, clock.now)
  const pairedAt = clock.now
  clock.now += 400 * day
  clock.bootedAt = clock.now
  const queue = reopen('boot-2')
  expect(nearPairingEnd(queue)?.leftMs).toBe(0)
  noteServerTime(queue, pairedAt + day)
  expect(nearPairingEnd(queue)).toBeNull()
})

test('nobody is told where the secret of the control link fetches a new pair, or where the pairing is lost already', () => {
  const { queue, clock } = device({ isOurs: true })
  clock.now += 13 * day
  expect(nearPairingEnd(queue)).not.toBeNull()
  storeControlLink(queue, { serverUrl: 'http://x', agentUrl: 'ws://x', deviceId: 'd', deviceSecret: 's' })
  expect(nearPairingEnd(queue)).toBeNull()
  const foreign = device()
  foreign.clock.now += 13 * day
  loseAuthorization(foreign.queue, 'refresh-1')
  expect(nearPairingEnd(foreign.queue)).toBeNull()
})
