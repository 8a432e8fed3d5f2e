import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createKeyedQueue } from '../src/assembly/keyed-queue.ts'

const log = pino({ level: 'silent' })

/** Work that a test lets go on, one key at a time. */
function steered() {
  const begun: string[] = []
  const held = new Map<string, () => void>()
  const work = (key: string) => {
    begun.push(key)
    return new Promise<void>((resolve) => held.set(key, resolve))
  }
  return { begun, work, finish: (key: string) => held.get(key)?.() }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('runs a few at once, each key once, and again when it was asked for meanwhile', async () => {
  const { begun, work, finish } = steered()
  const queue = createKeyedQueue({ name: 'test', concurrency: 2, maxWaiting: 10, work, log })
  for (const key of ['a', 'b', 'c', 'c', 'a']) expect(queue.add(key)).toBe(true)
  expect(begun).toEqual(['a', 'b'])
  finish('b')
  await settled()
  expect(begun).toEqual(['a', 'b', 'c'])
  finish('a')
  await settled()
  expect(begun).toEqual(['a', 'b', 'c', 'a'])
  finish('a')
  finish('c')
  await queue.idle()
})

test('refuses what is more than it may keep waiting', () => {
  const { work } = steered()
  const queue = createKeyedQueue({ name: 'test', concurrency: 1, maxWaiting: 2, work, log })
  expect(['a', 'b', 'c', 'd'].map((key) => queue.add(key))).toEqual([true, true, true, false])
})

test('leaves a key alone for a while after it failed, and goes on with the others', async () => {
  const done: string[] = []
  const work = async (key: string) => {
    if (key === 'bad') throw new Error('it fails')
    done.push(key)
  }
  const queue = createKeyedQueue({ name: 'test', concurrency: 1, maxWaiting: 10, work, log })
  queue.add('bad')
  queue.add('good')
  await queue.idle()
  await settled()
  expect(done).toEqual(['good'])
  expect(queue.add('bad')).toBe(false)
})

test('a stop lets what runs end and takes nothing more', async () => {
  const { begun, work, finish } = steered()
  const queue = createKeyedQueue({ name: 'test', concurrency: 1, maxWaiting: 10, work, log })
  queue.add('a')
  queue.add('b')
  const stopped = queue.stop()
  finish('a')
  await stopped
  expect(begun).toEqual(['a'])
  expect(queue.add('c')).toBe(false)
})
