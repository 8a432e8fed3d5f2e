import { appendFileSync } from 'node:fs'
import { appendFile, mkdir, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { ListedUpload } from '../../src/local-api/operations.ts'
import { endAll, startDevice } from './agent-process.ts'
import { backdate, differences, writeClip } from './clips.ts'

// Several processes for each test, on machines that may do other things besides.
vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

/** A device whose first part is under way when the test goes on. */
async function midUpload() {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1, stallMs: 20_000 } })
  const clip = await writeClip(device.watchDir, 'A001.mov', 4_000_000)
  const slow = device.server.inject({ kind: 'latency', delayMs: 600 }, { operation: 'part', times: 1_000 })
  await device.start()
  await slow.firstHit
  return { device, clip, slow }
}

test('a file that is truncated in the middle of its upload fails with that reason, and no asset of it is completed', async () => {
  const { device, clip } = await midUpload()
  await truncate(clip.path, 2_000_000)
  const [failed] = await device.until(([upload]) => upload?.state === 'failed', 'failed')
  expect(failed?.reason).toBe('sourceTruncated')
  expect(device.server.completedAssets()).toEqual([])
})

test('a file that is overwritten in the middle of its upload fails, and a retry uploads it as it is now', async () => {
  const { device, clip, slow } = await midUpload()
  const file = await open(clip.path, 'r+')
  await file.write(Buffer.alloc(1_000, 7), 0, 1_000, 3_900_000)
  await file.close()
  const [failed] = await device.until(([upload]) => upload?.state === 'failed', 'failed')
  expect(failed?.reason).toBe('sourceChanged')
  expect(device.server.completedAssets()).toEqual([])
  slow.remove()
  await device.cli('retry', failed?.id ?? '')
  const uploads = await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(uploads).toHaveLength(1)
  clip.bytes.set(Buffer.alloc(1_000, 7), 3_900_000)
  expect(differences(device.server, clip)).toEqual([])
})

test('a file that is deleted in the middle of its upload is cleared, and no asset of it is completed', async () => {
  const { device, clip } = await midUpload()
  await rm(clip.path)
  const [cleared] = await device.until(([upload]) => upload?.state === 'cleared', 'cleared')
  expect(cleared?.reason).toBe('sourceDeleted')
  expect(device.server.completedAssets()).toEqual([])
})

test('a file that is put back where it was after it was taken away in the middle of its upload goes up, once', async () => {
  const { device, clip, slow } = await midUpload()
  const aside = join(device.stateDir, 'aside.mov')
  await rename(clip.path, aside)
  await device.until(([upload]) => upload?.state === 'cleared', 'cleared')
  slow.remove()
  await rename(aside, clip.path)
  const uploads = await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(uploads).toHaveLength(1)
  expect(device.server.completedAssets()).toHaveLength(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('a file that is renamed in the middle of its upload goes on under its new name', async () => {
  const { device, clip, slow } = await midUpload()
  await rename(clip.path, join(device.watchDir, 'B001.mov'))
  slow.remove()
  const uploads = await device.until((all) => all.some(({ state }) => state === 'verified'), 'verified')
  expect(uploads).toHaveLength(1)
  expect(uploads[0]?.path).toBe(join(device.watchDir, 'B001.mov'))
  expect(device.server.completedAssets()).toHaveLength(1)
})

test('a watch folder that goes away keeps its uploads waiting with their parts, and they go on when it is back', async () => {
  const { device, clip, slow } = await midUpload()
  await rename(device.watchDir, `${device.watchDir}.away`)
  const [waiting] = await device.until(([upload]) => upload?.reason === 'sourceRemoved', 'source removed')
  expect(waiting?.state).toBe('waiting')
  slow.remove()
  await rename(`${device.watchDir}.away`, device.watchDir)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(device.server.assets).toHaveLength(1)
  expect(differences(device.server, clip)).toEqual([])
})

test('a file that is still being written is not touched until it has come to rest', async () => {
  // Longer than a busy machine keeps the writer waiting.
  const device = await startDevice({ settings: { settleMs: 4_000 } })
  await device.start()
  const path = join(device.watchDir, 'A001.mov')
  const chunks = Array.from({ length: 8 }, (_, index) => Buffer.alloc(50_000, index))
  for (const chunk of chunks) {
    await appendFile(path, chunk)
    await delay(100)
    const [growing] = await device.list()
    expect(growing === undefined || growing.state === 'growing').toBe(true)
  }
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, { path, name: 'A001.mov', bytes: Buffer.concat(chunks) })).toEqual([])
  expect(device.server.requestsOf('create')).toHaveLength(1)
})

test('a growing file that is deleted while no agent runs is cleared at the next start', async () => {
  const device = await startDevice({ settings: { settleMs: 30_000 } })
  const agent = await device.start()
  const path = join(device.watchDir, 'A001.mov')
  await device.until(([upload]) => {
    appendFileSync(path, 'some more')
    return upload?.state === 'growing'
  }, 'growing')
  await agent.kill()
  await rm(path)
  await device.start()
  const [cleared] = await device.until(([upload]) => upload?.state === 'cleared', 'cleared')
  expect(cleared?.reason).toBe('sourceDeleted')
})

test('a clip that was held and deleted while no agent ran is cleared at the next start, and one that was renamed stays held', async () => {
  const device = await startDevice()
  const paths = await Promise.all(
    ['A001.mov', 'A002.mov'].map(async (name, index) => {
      const { path } = await writeClip(device.watchDir, name, 10_000 + index)
      await backdate(path, new Date(Date.now() - 86_400_000))
      return path
    }),
  )
  const agent = await device.start()
  await device.until((all) => all.length === 2 && all.every(({ state }) => state === 'held'), 'held')
  await agent.kill()
  const [deleted = '', renamed = ''] = paths
  await rm(deleted)
  await rename(renamed, join(device.watchDir, 'B002.mov'))
  await device.start()
  const uploads = await device.until((all) => all.some(({ state }) => state === 'cleared'), 'cleared')
  expect(uploads.map(({ path, state, reason }) => [path, state, reason]).sort()).toEqual([
    [deleted, 'cleared', 'sourceDeleted'],
    [join(device.watchDir, 'B002.mov'), 'held', 'capturedBeforePairing'],
  ])
  expect(device.server.assets).toEqual([])
})

test('odd file names arrive as they are', async () => {
  const device = await startDevice()
  const names = [
    'it\'s "quoted".mov',
    'line\nbreak.mov',
    'ümläut ✓ 🎬.mov',
    'a..dots...mov',
    ' lead and trail .mov',
    '%2e%2e%2f.mov',
    '$(rm -rf) `x`;.mov',
    `${'long'.repeat(60)}.mov`,
  ]
  const clips = await Promise.all(names.map((name, index) => writeClip(device.watchDir, name, 10_000 + index)))
  await device.start()
  await device.until(
    (uploads) => uploads.length === names.length && uploads.every(({ state }) => state === 'verified'),
    'all verified',
  )
  for (const clip of clips) expect(differences(device.server, clip), JSON.stringify(clip.name)).toEqual([])
})

test('a zero-byte file is refused with its reason, and a link out of the folder is not followed', async () => {
  const device = await startDevice()
  const secret = await writeClip(join(device.watchDir, '..'), 'secret.mov', 10_000)
  await writeFile(join(device.watchDir, 'empty.mov'), '')
  await symlink(secret.path, join(device.watchDir, 'link.mov'))
  await mkdir(join(device.watchDir, '.Trashes'))
  await writeClip(join(device.watchDir, '.Trashes'), 'gone.mov', 10_000)
  await writeClip(device.watchDir, '._A001.mov', 10_000)
  await writeClip(device.watchDir, 'copying.mov.part', 10_000)
  const clip = await writeClip(device.watchDir, 'A001.mov', 10_000)
  await device.start()
  const stateOf = (all: ListedUpload[], name: string) => all.find(({ path }) => path.endsWith(name))?.state
  // Each comes to rest in its own time: the link is refused at once, the empty file only when it has stayed empty.
  const uploads = await device.until(
    (all) => stateOf(all, clip.name) === 'verified' && stateOf(all, 'empty.mov') === 'refused',
    'one verified, the empty one refused',
  )
  expect(uploads.find(({ path }) => path.endsWith('empty.mov'))?.reason).toBe('emptyFile')
  expect(device.server.assets.map(({ name }) => name)).toEqual([clip.name])
})

test('a file once uploaded is not picked up again after a restart, a rename, or under a clip of the same path only when it is another file', async () => {
  const device = await startDevice()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  const first = await device.start()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  await first.terminate()
  await rename(clip.path, join(device.watchDir, 'renamed.mov'))

  await device.start()
  const other = await writeClip(device.watchDir, 'A001.mov', 120_000)
  const uploads = await device.until(
    (all) => all.filter(({ state }) => state === 'verified').length === 2,
    'the new file is verified',
  )

  expect(uploads).toHaveLength(2)
  expect(device.server.assets.map(({ sizeBytes }) => sizeBytes)).toEqual([100_000, 120_000])
  expect(other.bytes.byteLength).toBe(120_000)
})
