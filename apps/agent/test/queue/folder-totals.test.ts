import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { seededRandom } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { folderTotals, stateTotals } from '../../src/queue/queue-reports.ts'
import { claimRegistration, recordCreated, updateSource } from '../../src/queue/registrations.ts'
import { queueMigrations } from '../../src/queue/schema.ts'
import { folderTotals as folderTotalsMigration } from '../../src/queue/schema-folder-totals.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

/** The same, by counting every row. */
const counted = `SELECT f.volume_id AS volumeId, f.watch_folder AS watchFolder, u.state, count(*) AS count,
    sum(u.size_bytes) AS sizeBytes, sum(u.bytes_acknowledged) AS acknowledgedBytes,
    sum(min(u.bytes_lost, u.size_bytes - u.bytes_acknowledged)) AS lostBytes
  FROM uploads u JOIN files f ON f.id = u.file_id GROUP BY 1, 2, 3 ORDER BY coalesce(f.watch_folder, ''), f.volume_id, u.state`

const rowsOf = (queue: Queue) =>
  queue.db
    .prepare(counted)
    .all()
    .map((row) => ({ ...row }))

test('totals of each folder and card are those of its clips, whatever happens to clips and files', () => {
  const { queue } = testQueue()
  const random = seededRandom(7)
  const places = [
    { watchFolder: '/card', volumeId: 'volume-1' },
    { watchFolder: '/card', volumeId: 'volume-2' },
    { watchFolder: '/disk', volumeId: 'volume-3' },
    { watchFolder: null, volumeId: 'volume-3' },
  ]
  const clips = Array.from({ length: 12 }, (_, number) =>
    addClip(queue, 0, {
      file: {
        path: `/card/A${number}.mov`,
        ...random.pick(places),
        inode: String(number),
        inodeIsStable: true,
        sizeBytes: random.integer(1, 9_000),
        modifiedUs: 1,
        identityKey: null,
        statKey: null,
      },
    }),
  )
  const doOne = [
    () => {
      const claim = claimRegistration(queue, 9)
      if (claim === null) return
      const part = { number: 1, offset: 0, sizeBytes: claim.upload.sizeBytes, url: 'http://127.0.0.1:1/' }
      recordCreated(queue, claim, { assetId: claim.upload.id, urlsIssuedAt: startOfTime, parts: [part] })
    },
    () => {
      const claim = claimPart(queue)
      if (claim !== null) acknowledgePart(queue, claim, '0123456789abcdef', false)
    },
    () => applyUploadEvent(queue, random.pick(clips).id, { kind: 'reset' }),
    () => applyUploadEvent(queue, random.pick(clips).id, { kind: 'takenAnew' }),
    () => applyUploadEvent(queue, random.pick(clips).id, { kind: 'cancelled', reason: 'cancelledOnDevice' }),
    () => {
      const { source } = random.pick(clips)
      updateSource(queue, source.fileId, { ...source, ...random.pick(places), identityKey: null, statKey: null })
    },
    () =>
      queue
        .sql('UPDATE files SET watch_folder = ? WHERE id = ?')
        .run(random.pick(places).watchFolder, random.pick(clips).source.fileId),
  ]
  for (let step = 0; step < 300; step++) {
    random.pick(doOne)()
    expect(folderTotals(queue), `seed ${random.seed}, step ${step}`).toEqual(rowsOf(queue))
  }
  expect(stateTotals(queue).reduce((sum, { count }) => sum + count, 0)).toBe(clips.length)
})

test('a queue from before folders were counted is counted when it is opened', () => {
  const { queue, stateDir, reopen } = testQueue()
  addClip(queue)
  addClip(queue, 5_000)
  const rows = ['unit', 'files', 'uploads'].map(
    (table) => [table, queue.db.prepare(`SELECT * FROM ${table}`).all()] as const,
  )
  queue.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${stateDir}/queue.db${end}`, { force: true })
  const old = new DatabaseSync(`${stateDir}/queue.db`)
  const version = queueMigrations.indexOf(folderTotalsMigration)
  for (const migration of queueMigrations.slice(0, version)) old.exec(migration)
  for (const [table, of] of rows) {
    const columns = old
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => String(name))
    const insert = old.prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`)
    for (const row of of) insert.run(...columns.map((column) => row[column] ?? null))
  }
  old.exec(`PRAGMA user_version = ${version}`)
  old.close()
  const again = reopen()
  expect(folderTotals(again)).toEqual(rowsOf(again))
  expect(stateTotals(again)).toEqual([
    { state: 'queued', count: 2, sizeBytes: 8_000, acknowledgedBytes: 0, lostBytes: 0 },
  ])
})
