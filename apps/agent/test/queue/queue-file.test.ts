import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { clearUploads } from '../../src/queue/decisions.ts'
import { forgetLinks, readUploadLink, requireIdentity } from '../../src/queue/links.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { takeStateLock } from '../../src/queue/state-dir.ts'
import { addClip, testQueue } from './test-queue.ts'

describe('the file', () => {
  test('cannot hold a state that the machine does not have', () => {
    const { queue } = testQueue()
    addClip(queue)
    for (const change of [
      "state = 'waiting'",
      "state = 'uploading'",
      "state = 'uploaded', step = 'parts'",
      "reason = 'backoff'",
      'lease_token = 1',
      "custody = 'owed'",
      'parts_done = 1',
      'bytes_acknowledged = 3001',
      "state = 'sent'",
    ]) {
      expect(() => queue.db.exec(`UPDATE uploads SET ${change}`), change).toThrow(/constraint/i)
    }
  })

  test('what is recalled of the pairing is what is stored, after a change, and after one that was undone', () => {
    const { queue } = testQueue()
    const fence = () => readUploadLink(queue)?.fence
    expect([fence(), fence()]).toEqual(['open', 'open'])
    expect(() =>
      queue.transact(() => {
        requireIdentity(queue)
        expect(fence()).toBe('identityPending')
        throw new Error('undone')
      }),
    ).toThrow('undone')
    expect(fence()).toBe('open')
    requireIdentity(queue)
    expect(fence()).toBe('identityPending')
    forgetLinks(queue)
    expect(readUploadLink(queue)).toBeNull()
  })

  test('is for its owner alone, with its journal, in WAL mode with full synchronisation', () => {
    const { queue, stateDir } = testQueue()
    for (const name of ['queue.db', 'queue.db-wal', 'queue.db-shm']) {
      const path = join(stateDir, name)
      expect(existsSync(path), name).toBe(true)
      expect(statSync(path).mode & 0o077, name).toBe(0)
    }
    expect(queue.db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(queue.db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  })

  test('of a newer version is left alone, with an error that says so', () => {
    const { queue, stateDir } = testQueue()
    queue.close()
    const path = join(stateDir, 'queue.db')
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expect(() => openQueue({ stateDir, bootId: 'boot-1' })).toThrow(expect.objectContaining({ code: 'QUEUE_TOO_NEW' }))
  })

  test('rolls back everything of a transaction that throws, and tells nobody of it', () => {
    const { queue } = testQueue()
    const { id } = addClip(queue)
    let told = 0
    queue.listen(() => told++)
    expect(() =>
      queue.transact(() => {
        clearUploads(queue, 'clearedByOperator')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(findUpload(queue, id)?.state.kind).toBe('queued')
    expect(told).toBe(0)
  })
})

test('only one process at a time has the lock of a state folder, and gets it back when the other lets go', () => {
  const { stateDir } = testQueue()
  const lock = takeStateLock(stateDir)
  expect(lock).not.toBeNull()
  expect(takeStateLock(stateDir)).toBeNull()
  lock?.release()
  const again = takeStateLock(stateDir)
  expect(again).not.toBeNull()
  again?.release()
})
