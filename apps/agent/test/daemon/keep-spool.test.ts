import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { addPiped } from '../../src/daemon/add-piped.ts'
import { keepSpool } from '../../src/daemon/keep-spool.ts'
import { spoolInput } from '../../src/spool/spool-input.ts'
import { startOfTime, type TestQueue, testQueue } from '../queue/test-queue.ts'

const arrived =
  "step = 'parts', asset_id = 'a', urls_issued_at = 1, parts_total = 1, parts_done = 1, bytes_acknowledged = 3"
const digested = "file_xxh64 = '0123456789abcdef', file_digested_at = 1"

const kept = {
  queued: "state = 'queued'",
  held: "state = 'held', reason = 'heldByOperator'",
  waiting: "state = 'waiting', reason = 'offline'",
  failed: "state = 'failed', reason = 'digestMismatch', step = NULL",
  blocked: "state = 'blocked', reason = 'capturedInPause', step = NULL",
  cancelled: "state = 'cancelled', reason = 'cancelledOnDevice'",
  'cleared by a person': "state = 'cleared', reason = 'clearedByOperator', step = NULL",
  'cleared by a move': "state = 'cleared', reason = 'projectChanged', step = NULL",
  'not verified yet': `state = 'uploaded', custody = 'owed', ${arrived}, ${digested}`,
  'never to be verified': `state = 'uploaded', custody = 'abandoned', ${arrived}, ${digested}`,
  'not digested yet': `state = 'verified', ${arrived}`,
  'uploaded, not digested yet': `state = 'uploaded', ${arrived}`,
}
const removed = {
  verified: `state = 'verified', ${arrived}, ${digested}`,
  'uploaded where nothing is confirmed': `state = 'uploaded', custody = 'none', ${arrived}, ${digested}`,
}

test('the spooled copy of a clip goes when it is home and digested, and stays in every other state', async () => {
  const device = testQueue()
  for (const [name, state] of Object.entries({ ...kept, ...removed })) await pipe(device, name, state)
  expect(names(device)).toHaveLength(Object.keys({ ...kept, ...removed }).length)
  keep(device)
  await expect.poll(() => names(device)).toEqual(Object.keys(kept).sort())
  // When the next look has removed another one, the first has seen them all.
  await pipe(device, 'the next', removed.verified)
  await expect.poll(() => names(device), { timeout: 30_000 }).toEqual(Object.keys(kept).sort())
})

test('a clip that comes home while the agent runs goes as soon as that is told', async () => {
  const device = testQueue()
  await pipe(device, 'A001.mov', kept['not verified yet'])
  keep(device)
  device.queue.transact(() => {
    device.queue.db.exec(`UPDATE uploads SET ${removed.verified}`)
    device.queue.tell({ kind: 'work' })
  })
  await expect.poll(() => names(device), { timeout: 30_000 }).toEqual([])
})

async function pipe({ queue, stateDir }: TestQueue, name: string, state: string): Promise<void> {
  const { id, release } = await spoolInput(Readable.from([Buffer.from('abc')]), {
    ...{ stateDir, name },
    note: { channel: 0, began: { at: startOfTime, inBoot: null } },
    signal: new AbortController().signal,
    onReceived: () => undefined,
  })
  const outcome = await addPiped(queue, stateDir, id)
  release()
  const uploadId = 'id' in outcome ? outcome.id : ''
  queue.db.exec(`UPDATE uploads SET reason = NULL, state = 'queued', step = 'register' WHERE id = '${uploadId}'`)
  queue.db.exec(`UPDATE uploads SET ${state} WHERE id = '${uploadId}'`)
}

function keep({ queue, stateDir }: TestQueue): void {
  const ended = new AbortController()
  const keeping = keepSpool({ queue, stateDir, log: pino({ level: 'silent' }), signal: ended.signal })
  onTestFinished(async () => {
    ended.abort()
    await keeping
  })
}

const names = ({ stateDir }: TestQueue): string[] =>
  globSync(join(stateDir, 'spool/*/clip/*'))
    .map((path) => basename(path))
    .sort()
