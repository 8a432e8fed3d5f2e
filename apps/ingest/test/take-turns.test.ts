import { expect, test } from 'vitest'
import { createTakeTurns } from '../src/http/take-turns.ts'

test('work of one key runs in the order it came, also after a failure; other keys do not wait', async () => {
  const takeTurns = createTakeTurns()
  const log: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = takeTurns('a', async () => {
    await gate.promise
    log.push('a1')
    throw new Error('it fails')
  })
  const second = takeTurns('a', async () => void log.push('a2'))
  await takeTurns('b', async () => void log.push('b1'))
  expect(log).toEqual(['b1'])
  gate.resolve()
  await expect(first).rejects.toThrow('it fails')
  await second
  expect(log).toEqual(['b1', 'a1', 'a2'])
  expect(await takeTurns('a', async () => 7)).toBe(7)
})
