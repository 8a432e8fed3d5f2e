import { renameSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { growingWorld } from './growing-world.ts'

test('a file that a sender misses is looked for once more when its clip is given up: it may have been put back meanwhile', async () => {
  const world = growingWorld({ isOurs: true, extension: 'mov' })
  onTestFinished(() => world.end())
  for (let size = 0; size < 300; size += 50) {
    world.append(50)
    world.see()
    await world.register('none')
    await world.grow('none')
  }
  world.append(300)
  world.rest()
  await world.grow('none')
  const aside = `${world.path}.aside`
  renameSync(world.path, aside)
  await world.send('none')
  expect(world.uploads().map(({ state }) => state)).toMatchObject([{ kind: 'cleared', reason: 'sourceDeleted' }])
  expect(world.lookedAnew).toContain(world.path)
  renameSync(aside, world.path)
  world.rest()
  await world.finish()
  expect(world.uploads().map(({ state }) => state)).toMatchObject([{ kind: 'uploaded' }])
})
