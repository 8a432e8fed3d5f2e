import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noLoss } from '@rushes/upload-core'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { addFile } from '../../src/daemon/add-file.ts'
import type { CreateOutcome, Destination } from '../../src/destination/port.ts'
import { createGroupCommit } from '../../src/queue/group-commit.ts'
import { stateTotals } from '../../src/queue/queue-reports.ts'
import { createGate } from '../../src/upload/gate.ts'
import { registerFiles } from '../../src/upload/register.ts'
import { testQueue } from '../queue/test-queue.ts'
import { noHandOver } from './one-at-a-time.ts'

/** Three files that are registered by one worker, whose pace allows so many more at once. */
async function registering(allowed: number, draining = new AbortController().signal, onLook = () => {}) {
  const { queue, stateDir } = testQueue()
  const folder = join(stateDir, 'stills')
  mkdirSync(folder)
  for (const name of ['a.dng', 'b.dng', 'c.dng']) {
    writeFileSync(join(folder, name), name)
    await addFile(queue, join(folder, name), 0)
  }
  const { signal } = new AbortController()
  const idle = () => undefined
  const unused = () => {
    throw new Error('nobody is to be asked')
  }
  const created: CreateOutcome = {
    ...{ kind: 'created', assetId: 'asset-1', name: 'a.dng', uploadUrls: ['http://x/1'], rateLimit: null },
  }
  const pace = { left: allowed, takeOne: () => pace.left > 0 && pace.left-- > 0, giveBack: () => void pace.left++ }
  const exec = vi.spyOn(queue.db, 'exec')
  const isMore = registerFiles({
    queue,
    gate: createGate({ probe: unused, now: queue.now, random: () => 0, signal, onOpen: idle, onChange: idle }),
    authorization: { confirm: unused },
    random: () => 0,
    // Of the destination only what is called here is there.
    destinationOf: () => ({ createAsset: async () => created }) as unknown as Destination,
    commit: createGroupCommit(queue, () => false),
    handOver: noHandOver,
    maxOpenAssets: 10,
    linkLoss: () => noLoss,
    onLook,
    onClaim: idle,
    pace,
    log: pino({ level: 'silent' }),
    draining,
    signal,
  })
  const outcome = await isMore.catch((error: Error) => error.message)
  const commits = exec.mock.calls.filter(([statement]) => statement === 'COMMIT').length
  const counts = Object.fromEntries(stateTotals(queue).map(({ state, count }) => [state, count]))
  return { outcome, commits, counts, left: pace.left }
}

test('the next file is claimed in the commit that stores the asset of the one before, until there is none', async () => {
  expect(await registering(9)).toEqual({ outcome: false, commits: 4, counts: { uploading: 3 }, left: 9 - 2 })
})

test('whoever may not make another asset at once claims none, and says that there may be more', async () => {
  expect(await registering(1)).toEqual({ outcome: true, commits: 3, counts: { uploading: 2, queued: 1 }, left: 0 })
})

test('no file is claimed with an asset while the agent is ending', async () => {
  expect(await registering(9, AbortSignal.abort())).toMatchObject({
    outcome: true,
    counts: { uploading: 1, queued: 2 },
  })
})

test('an asset is stored although the next file cannot be claimed beside it, and nothing of the pace is lost', async () => {
  let looks = 0
  const onLook = () => {
    if (++looks > 1) throw new Error('a row that nobody can read')
  }
  expect(await registering(9, new AbortController().signal, onLook)).toMatchObject({
    ...{ outcome: 'a row that nobody can read', counts: { uploading: 1, queued: 2 }, left: 9 },
  })
})
