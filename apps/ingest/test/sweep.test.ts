import { createTestDatabase } from '@rushes/db/testing'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createKeyedQueue } from '../src/assembly/keyed-queue.ts'
import { createSweeper } from '../src/assembly/sweep.ts'
import { createDatabaseCall } from '../src/database-call.ts'
import { clipsIn } from './custody/stored-clips.ts'
import { someBytes } from './support/clips.ts'

test('an upload of which the store cannot be asked keeps no other from being failed for its missing parts', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const clips = await clipsIn(database)
  const ids = [await clips.add(someBytes(20), 'received'), await clips.add(someBytes(20), 'received')]
  await database.pool.query(
    `update assets set state = 'created', custody = 'no', available_at = null, upload_kind = 'realtime',
       final_part_at = now() - interval '2 minutes'`,
  )
  await database.pool.query('update asset_parts set acknowledged_at = null, received_xxh64 = null where number = 1')
  const log = pino({ level: 'silent' })
  const queue = createKeyedQueue({ name: 'none', concurrency: 1, maxWaiting: 1, work: async () => undefined, log })
  const asked: string[] = []
  const sweep = createSweeper({
    call: createDatabaseCall({ db: database.db, clock: () => new Date(), waitMs: 1_000, log }),
    async noticeParts(assetId) {
      asked.push(assetId)
      if (asked.length === 1) throw new Error('the bucket does not answer for this key')
    },
    assemblies: queue,
    verifications: queue,
    log,
    graceMs: 60_000,
  })
  await sweep()
  expect(asked.toSorted()).toEqual(ids.toSorted())
  const { rows } = await database.pool.query("select id, ended_detail from assets where state = 'failed'")
  expect(rows).toEqual([{ id: asked[1], ended_detail: 'Parts that had not arrived 60 s after the final one: 1' }])
})
