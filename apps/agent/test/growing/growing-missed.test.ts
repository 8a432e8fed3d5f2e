import { renameSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { growBy, growingWorld, stateOf } from './growing-world.ts'

test('a file that a sender misses is looked for once more when its clip is given up: it may have been put back meanwhile', async () => {
  const world = growingWorld({ isOurs: true, extension: 'mov' })
  onTestFinished(() => world.end())
  await growBy(world, 300)
  world.append(300)
  world.rest()
  await world.grow('none')
  const aside = `${world.path}.aside`
  renameSync(world.path, aside)
  await world.send('none')
  expect(stateOf(world)).toMatchObject([{ kind: 'cleared', reason: 'sourceDeleted' }])
  expect(world.lookedAnew).toContain(world.path)
  renameSync(aside, world.path)
  world.rest()
  await world.finish()
  expect(stateOf(world)).toMatchObject([{ kind: 'uploaded' }])
})
