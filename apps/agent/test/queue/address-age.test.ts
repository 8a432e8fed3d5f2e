import { isDeadFromTheStart } from '@rushes/upload-core'
import { expect, test } from 'vitest'
import { addressAgeMs, areAddressesDead, issuedAt } from '../../src/queue/address-age.ts'
import { noteServerTime } from '../../src/queue/capture-clock.ts'
import { testQueue } from './test-queue.ts'

const hour = 3_600_000
const day = 24 * hour

/** Addresses that a destination has given out, which tells the time of its own clock. */
function given() {
  const device = testQueue({ isOurs: false })
  const { queue, clock } = device
  noteServerTime(queue, clock.now + 7 * hour)
  const at = issuedAt(queue, queue.uptimeMs())
  const pass = (ms: number) => {
    clock.now += ms
  }
  const set = (byMs: number) => {
    clock.now += byMs
    clock.bootedAt += byMs
  }
  return { ...device, at, pass, set }
}

test('addresses are dead after 24 hours, by how much time has passed', () => {
  const { queue, at, pass } = given()
  pass(day - 1)
  expect(areAddressesDead(queue, at)).toBe(false)
  pass(1)
  expect(areAddressesDead(queue, at)).toBe(true)
})

test.for([day, 365 * day, -day, -30 * 365 * day])(
  'addresses are as old as they were when the clock of the device is set by %d ms',
  (byMs) => {
    const { queue, at, pass, set } = given()
    pass(2 * hour)
    set(byMs)
    expect(addressAgeMs(queue, at)).toBe(2 * hour)
    expect(areAddressesDead(queue, at)).toBe(false)
  },
)

test('addresses of another boot are judged when the destination has told the time in this one, not before', () => {
  const { clock, at, set, reopen } = given()
  set(-365 * day)
  clock.bootedAt = clock.now
  const queue = reopen('boot-2')
  clock.now += 2 * day
  expect(areAddressesDead(queue, at)).toBe(false)
  noteServerTime(queue, at + hour)
  expect(areAddressesDead(queue, at)).toBe(false)
  expect(addressAgeMs(queue, at)).toBe(hour)
  clock.now += day
  expect(areAddressesDead(queue, at)).toBe(true)
})

test('an age that a clock was set back for is not that of a fresh address', () => {
  const { queue, clock } = testQueue()
  const at = issuedAt(queue, queue.uptimeMs())
  clock.now += 1_000
  expect(isDeadFromTheStart(addressAgeMs(queue, at))).toBe(true)
  clock.now -= day
  expect(isDeadFromTheStart(addressAgeMs(queue, at))).toBe(false)
})
