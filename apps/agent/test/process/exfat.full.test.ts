import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '@rushes/test-kit'
import { afterEach, test as anyTest, expect, vi } from 'vitest'
import { atEnd, endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'
import { canHaveExfatCards, type ExfatCard, makeExfatCard } from './exfat-card.ts'
import { changeStored, movedPairing } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const test = anyTest.skipIf(!(await canHaveExfatCards()))
const names = ['A001.mov', 'A002.mov', 'A003.mov']
const sizeBytes = 3_000_000

/** A card with three clips that is pulled when a part of the first has arrived and the next is on its way. */
async function pulledMidUpload(settings: object = {}) {
  const card = await makeExfatCard()
  const device = await startDevice({
    chunkSizeBytes: 1_048_576,
    settings: { workers: 1, stallMs: 20_000, ...settings },
  })
  atEnd(() => card.throwAway())
  pairedAMinuteAgo(device.stateDir)
  await card.insert(device.watchDir)
  const clips = []
  for (const name of names) clips.push(await writeClip(device.watchDir, name, sizeBytes + clips.length))
  await card.eject()
  await card.insert(device.watchDir, names)
  const inodes = await inodesOf(device.watchDir)
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'part', nth: 2 })
  await device.start()
  await stall.firstHit
  await device.until((all) => all.length === 3, 'all are known')
  await card.pull()
  await device.until(
    (all) => all.length === 3 && all.every(({ state, reason }) => state === 'waiting' && reason === 'sourceRemoved'),
    'all wait for the card',
  )
  stall.remove()
  return { card, device, clips, inodes }
}

const inodesOf = async (folder: string) => Promise.all(names.map(async (name) => (await stat(join(folder, name))).ino))

test('exFAT re-insertion: a card that is pulled in the middle of an upload and put back goes on from its parts, nothing twice, though its inodes are others', async () => {
  const { card, device, clips, inodes } = await pulledMidUpload()
  await card.insert(device.watchDir, names.toReversed())
  expect(await inodesOf(device.watchDir)).not.toEqual(inodes)
  const uploads = await device.until((all) => all.every(({ state }) => state === 'verified'), 'verified')
  expect(uploads).toHaveLength(3)
  for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
  expect(device.server.assets).toHaveLength(3)
  expect(device.server.partsSentAgain()).toEqual([])
  expect(device.server.violations).toEqual([])
})

test.for([
  ['is noticed', false, {}],
  ['by one of the same time is noticed', true, {}],
  // With a limit of the line a sender is in the middle of a part, and meets the absence of the card before anybody else looks.
  ['by one of the same time and back at once is noticed', true, { bandwidth: { bytesPerSecond: 2_000_000 } }],
  // It is met by a sender, and wanted as it is, before its rest is over.
  ['by one of the same time is noticed before it rests', true, { settleMs: 4_000 }],
] as const)(
  'exFAT re-insertion: a clip that was replaced while the card was out %s, and no part of the old one is in the new',
  async ([, keepsTime, settings]) => {
    const { card, device, clips } = await pulledMidUpload(settings)
    await elsewhere(card, async (folder) => {
      const path = join(folder, 'A001.mov')
      const { mtime } = await stat(path)
      clips[0] = await writeClip(folder, 'A001.mov', sizeBytes, seededRandom(99))
      // A camera whose clock does not run, and that cuts its takes to one size.
      if (keepsTime) await utimes(path, mtime, mtime)
    })
    await card.insert(device.watchDir, names.toReversed())
    const uploads = await device.until(
      (all) => all.every(({ state }) => ['verified', 'failed'].includes(state)),
      'ended',
    )
    expect(uploads.map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'sourceChanged'],
      ['verified', null],
      ['verified', null],
    ])
    expect(device.server.completedAssets()).toHaveLength(2)
    // Which of the two takes is wanted is for a person to say.
    expect((await device.cli('retry', '--failed')).code).toBe(0)
    await device.until((all) => all.every(({ state }) => state === 'verified'), 'verified')
    for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
    expect(device.server.completedAssets()).toHaveLength(3)
    expect(device.server.violations).toEqual([])
  },
)

test.for([
  ['', {}],
  [' at once', { bandwidth: { bytesPerSecond: 2_000_000 } }],
] as const)(
  'exFAT re-insertion: a card whose times show an hour later when it is put back%s goes on from its parts all the same',
  async ([, settings]) => {
    const { card, device, clips } = await pulledMidUpload(settings)
    await elsewhere(card, async (folder) => {
      for (const path of names.map((name) => join(folder, name))) {
        const anHourLater = Number((await stat(path)).mtimeMs) / 1_000 + 3_600
        await utimes(path, anHourLater, anHourLater)
      }
    })
    await card.insert(device.watchDir, names.toReversed())
    await device.until((all) => all.every(({ state }) => state === 'verified'), 'verified')
    for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
    expect(device.server.assets).toHaveLength(3)
    expect(device.server.partsSentAgain()).toEqual([])
  },
)

test('exFAT re-insertion: a card that comes back when all is home brings nothing again', async () => {
  const card = await makeExfatCard()
  const device = await startDevice()
  atEnd(() => card.throwAway())
  pairedAMinuteAgo(device.stateDir)
  await device.start()
  await card.insert(device.watchDir)
  for (const name of names) await writeClip(device.watchDir, name, 100_000)
  await device.until((all) => all.length === 3 && all.every(({ state }) => state === 'verified'), 'verified')
  await card.eject()
  await card.insert(device.watchDir, names.toReversed())
  // What comes after shows that the card was looked at.
  await writeClip(device.watchDir, 'A004.mov', 100_001)
  const uploads = await device.until(
    (all) => all.some(({ path, state }) => /A004/.test(path) && state === 'verified'),
    'the new one',
  )
  expect(uploads).toHaveLength(4)
  expect(device.server.assets).toHaveLength(4)
})

test('EIO: a clip of which the card cannot give all bytes is tried again, shows why, keeps no other from arriving, and goes on when it can be read', async () => {
  const card = await makeExfatCard()
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1 } })
  atEnd(() => card.throwAway())
  pairedAMinuteAgo(device.stateDir)
  await card.insert(device.watchDir)
  const bad = await writeClip(device.watchDir, 'A001.mov', 20_000_000)
  const good = await writeClip(device.watchDir, 'A002.mov', 100_000)
  await card.eject()
  await card.insert(device.watchDir)
  // The clip has come to rest and been looked at before its middle is lost.
  const stall = device.server.inject({ kind: 'stall', at: 'reply' }, { operation: 'create' })
  await device.start()
  await stall.firstHit
  await device.until((all) => all.length === 2 && all.every(({ state }) => state !== 'growing'), 'both at rest')
  const mend = await card.damage(10 * 1024 * 1024)
  stall.remove()
  await device.until(
    (all) => all.some(({ path, state }) => path === good.path && state === 'verified'),
    'the good one is home',
  )
  const [waiting] = await device.until(
    ([upload]) => upload?.error?.code === 'EIO' && upload.state !== 'uploading',
    'EIO is shown',
  )
  expect(device.server.completedAssets()).toHaveLength(1)
  await mend()
  await device.cli('retry', waiting?.id ?? '')
  await device.until((all) => all.every(({ state }) => state === 'verified'), 'verified')
  expect(differences(device.server, bad)).toEqual([])
  expect(device.server.partsSentAgain()).toEqual([])
})

/** exFAT keeps times in steps of two seconds, and the pairing of a test is hardly older than its clips. */
const pairedAMinuteAgo = (stateDir: string) => changeStored(stateDir, movedPairing(-60_000, -60_000))

/** The card in another machine. */
async function elsewhere(card: ExfatCard, work: (folder: string) => Promise<void>): Promise<void> {
  const other = await startDevice({ paired: false })
  await card.insert(other.watchDir)
  await work(other.watchDir)
  await card.eject()
}
