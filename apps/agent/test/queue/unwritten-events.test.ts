import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { appendUploadChanged, forgetEvents, includedSeq, newestSeq, readEvents } from '../../src/queue/outbox.ts'
import { queueMigrations } from '../../src/queue/schema.ts'
import { unwrittenEvents } from '../../src/queue/schema-unwritten-events.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'
import { cancel, states } from './told-events.ts'

test('a further change before anybody was told writes nothing to the outbox, and is told all the same', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  const { sql } = queue
  const statements: string[] = []
  queue.sql = (statement) => {
    statements.push(statement)
    return sql(statement)
  }
  let told = 0
  queue.listen(({ kind }) => kind === 'event' && told++)
  cancel(queue, id)
  expect(statements.filter((statement) => statement.includes('outbox'))).toEqual([])
  expect(told).toBe(1)
  expect(states(readEvents(queue, 0, 100))).toEqual(['cancelled'])
})

test('what nobody was told of before a restart is one event still, with the boot and the time of the newest change', () => {
  const { queue, clock, reopen } = testQueue()
  const { id } = addClip(queue)
  clock.now += 1_000
  const again = reopen('boot-2')
  cancel(again, id)
  clock.now += 1_000
  applyUploadEvent(again, id, { kind: 'retried' })
  const newest = new Date(clock.now).toISOString()
  clock.now += 60_000
  expect(readEvents(again, 0, 100)).toMatchObject([
    { seq: 1, bootId: 'boot-2', at: newest, body: { upload: { state: 'queued', updatedAt: newest } } },
  ])
})

test('news that leave the time of an upload as it was carry their own', () => {
  const { queue, clock } = testQueue()
  const { id } = addClip(queue)
  readEvents(queue, 0, 100)
  clock.now += 1_000
  appendUploadChanged(queue, id)
  expect(readEvents(queue, 1, 100)).toMatchObject([
    {
      at: new Date(startOfTime + 1_000).toISOString(),
      body: { upload: { updatedAt: new Date(startOfTime).toISOString() } },
    },
  ])
})

test('a change whose transaction is undone leaves nothing behind that would pass for its entry', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  readEvents(queue, 0, 100)
  expect(() =>
    queue.transact(() => {
      cancel(queue, id)
      // Has the entry of the change written at once.
      holdUploads(queue, 'operator')
      throw new Error('no')
    }),
  ).toThrow('no')
  cancel(queue, id)
  expect(states(readEvents(queue, 1, 100))).toEqual(['cancelled'])
})

test('events that cannot be written are not handed out, and are the newest news when they can', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  queue.db.exec("CREATE TEMP TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'no room'); END")
  expect(() => readEvents(queue, 0, 100)).toThrow('no room')
  queue.db.exec('DROP TRIGGER full')
  cancel(queue, id)
  expect(states(readEvents(queue, 0, 100))).toEqual(['cancelled'])
})

test('on a full disk only what is written is handed out, and the rest once there is room', () => {
  const { queue } = testQueue()
  addClip(queue)
  const written = readEvents(queue, 0, 100)
  queue.transact(() => {
    for (let clip = 0; clip < 40; clip++) addClip(queue)
  })
  const pages = Number(queue.db.prepare('PRAGMA page_count').get()?.page_count)
  queue.db.exec(`PRAGMA max_page_count = ${pages}`)
  expect(readEvents(queue, 0, 100)).toEqual(written)
  expect(queue.diskFull).toBe(true)
  queue.db.exec('PRAGMA max_page_count = 1073741823')
  expect(readEvents(queue, 0, 100)).toHaveLength(41)
})

test('of more uploads than are known by heart, each still has one entry', () => {
  const { queue } = testQueue()
  const ids = queue.transact(() => Array.from({ length: 10_001 }, () => addClip(queue).id))
  expect(queue.unwrittenUploads.size).toBe(10_000)
  const [first = ''] = ids
  cancel(queue, first)
  expect(newestSeq(queue)).toBe(ids.length)
  expect(states(readEvents(queue, 0, 2))).toEqual(['cancelled', 'queued'])
})

test('what an older version wrote counts as handed out', () => {
  const { queue, stateDir, reopen } = testQueue()
  const { id } = addClip(queue)
  const written = readEvents(queue, 0, 100)
  queue.close()
  const old = new DatabaseSync(`${stateDir}/queue.db`)
  // As it was before that step and those after it.
  old.exec(`DROP INDEX outbox_unwritten; DROP TRIGGER uploads_unwritten;
    ALTER TABLE unit DROP COLUMN rebuilt_uptime_ms; ALTER TABLE unit DROP COLUMN rebuilt_boot_id;
    CREATE INDEX outbox_upload ON outbox (upload_id) WHERE upload_id IS NOT NULL;
    PRAGMA user_version = ${queueMigrations.indexOf(unwrittenEvents)}`)
  old.close()
  const again = reopen()
  cancel(again, id)
  expect(includedSeq(again)).toBe(1)
  const events = readEvents(again, 0, 100)
  expect(events.slice(0, 1)).toEqual(written)
  expect(states(events)).toEqual(['queued', 'cancelled'])
})

test('an upload stays while an event of it is to be written', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  const remove = () => queue.sql('DELETE FROM uploads WHERE id = ?').run(id)
  expect(remove).toThrow('still to be written')
  readEvents(queue, 0, 100)
  expect(remove).not.toThrow()
  expect(states(readEvents(queue, 0, 100))).toEqual(['queued'])
})

test('an entry that the gateway takes for stored although nobody wrote it is begun anew with the next change', () => {
  const { queue } = testQueue()
  const { id } = addClip(queue)
  forgetEvents(queue, newestSeq(queue))
  cancel(queue, id)
  expect(states(readEvents(queue, 0, 100))).toEqual(['cancelled'])
})
