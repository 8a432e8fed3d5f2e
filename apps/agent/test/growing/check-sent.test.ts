import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readEvents } from '../../src/queue/outbox.ts'
import { growingWorld } from './growing-world.ts'

/** A clip all of which has left while its recorder wrote it, not compared yet. */
async function sentWhileItGrew() {
  const world = growingWorld({ isOurs: true, extension: 'mov' })
  onTestFinished(() => world.end())
  const upload = async () => {
    await world.register('none')
    await world.grow('none')
    for (let sends = 0; sends < 5; sends++) await world.send('none')
  }
  for (let size = 0; size < 600; size += 50) {
    world.append(50)
    world.see()
    await upload()
  }
  world.rest()
  for (let step = 0; step < 10; step++) await upload()
  const state = () => world.uploads().map(({ state }) => (state.kind === 'uploaded' ? state.custody : state.kind))
  expect(state()).toEqual(['none'])
  const notices = () =>
    readEvents(world.queue, 0, 1_000).flatMap(({ body }) => (body.kind === 'notice' ? [body.code] : []))
  return { world, state, notices }
}

test('a clip whose card is away for longer than a file is tried is compared when the card is back', async () => {
  const { world, state, notices } = await sentWhileItGrew()
  const folder = dirname(world.path)
  const away = `${folder}-away`
  onTestFinished(() => rmSync(away, { recursive: true, force: true }))
  renameSync(folder, away)
  for (let look = 0; look < 40; look++) {
    await world.check()
    world.pass()
  }
  expect(state()).toEqual(['none'])
  expect(notices()).toEqual([])
  renameSync(away, folder)
  await world.check()
  expect(state()).toEqual(['owed'])
})

test('a clip whose file was deleted before it was compared is told of at once', async () => {
  const { world, state, notices } = await sentWhileItGrew()
  rmSync(world.path)
  await world.check()
  expect(existsSync(dirname(world.path))).toBe(true)
  expect(state()).toEqual(['none'])
  expect(notices()).toEqual(['growingNotCompared'])
})

test('a clip whose comparison kills the process each time is not read for ever, and is told of', async () => {
  const { world, state, notices } = await sentWhileItGrew()
  // As often as it may be tried, each time with no word of how that ended.
  world.queue.sql('UPDATE growths SET attempts = 30').run()
  await world.check()
  expect(state()).toEqual(['none'])
  expect(notices()).toEqual(['growingNotCompared'])
})
