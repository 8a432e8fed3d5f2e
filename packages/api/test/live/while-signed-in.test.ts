import { expect, test } from 'vitest'
import { whileSignedIn } from '../../src/live/while-signed-in.ts'

const ana = { id: 'ana', name: 'Ana', email: 'ana@example.com', role: 'viewer' as const }

async function* every10Seconds(clock: { nowMs: number }) {
  for (let n = 1; n <= 12; n += 1) {
    clock.nowMs += 10_000
    yield n
  }
}

test('a stream ends within a minute of the session, and shows nothing after', async () => {
  const clock = { nowMs: 0 }
  const seen: number[] = []
  const findPerson = async () => (clock.nowMs < 55_000 ? ana : null)
  const messages = whileSignedIn(every10Seconds(clock), { findPerson }, () => clock.nowMs)
  await expect(
    (async () => {
      for await (const message of messages) seen.push(message)
    })(),
  ).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  expect(clock.nowMs).toBeLessThanOrEqual(55_000 + 60_000)
  expect(seen.at(-1)).toBeLessThan(clock.nowMs / 10_000)
})

test('the session is not looked up for every message', async () => {
  const clock = { nowMs: 0 }
  let lookUps = 0
  const findPerson = async () => {
    lookUps += 1
    return ana
  }
  for await (const _message of whileSignedIn(every10Seconds(clock), { findPerson }, () => clock.nowMs));
  expect(lookUps).toBeLessThan(4)
})
