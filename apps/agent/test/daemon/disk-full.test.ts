import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBootId } from '../../src/boot-id.ts'
import { readDeviceStatus } from '../../src/daemon/device-status.ts'
import { createDiskReserve, isDiskFull } from '../../src/queue/disk-reserve.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { claimPart } from '../../src/queue/part-claims.ts'
import { countUploads } from '../../src/queue/queue-reports.ts'
import { claimRegistration } from '../../src/queue/registrations.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

/** Lets the database have no more pages than it has, as a disk without room would. */
function fill(queue: ReturnType<typeof testQueue>['queue']): void {
  const pages = Number(queue.db.prepare('PRAGMA page_count').get()?.page_count)
  queue.db.exec(`PRAGMA max_page_count = ${pages}`)
}

test('what was begun when the disk fills up is recorded with the room of the reserve, and nothing new is begun', () => {
  const { stateDir } = testQueue()
  let released = 0
  const queue = openQueue({
    stateDir,
    bootId: readBootId(),
    reserve: {
      release() {
        released++
        queue.db.exec('PRAGMA max_page_count = 1073741823')
        return true
      },
    },
  })
  fill(queue)
  const news: string[] = []
  queue.listen(({ kind }) => news.push(kind))
  for (let count = 0; count < 200; count++) addClip(queue, 10, { name: 'x'.repeat(200) })
  expect(countUploads(queue)).toBe(200)
  expect(released).toBe(1)
  expect(news.filter((kind) => kind === 'status')).toHaveLength(1)
  expect([claimRegistration(queue, 10), claimPart(queue)]).toEqual([null, null])
  expect(readDeviceStatus(queue, null).blockedBy).toBe('diskFull')
  queue.diskFull = false
  expect(claimRegistration(queue, 10)).not.toBeNull()
  queue.close()
})

test('without a reserve left a change fails whole, and what was stored before is untouched', () => {
  const { queue } = testQueue()
  addClip(queue)
  fill(queue)
  const failures: unknown[] = []
  for (let count = 0; count < 200; count++) {
    try {
      addClip(queue, 10, { name: 'x'.repeat(200) })
    } catch (error) {
      failures.push(error)
    }
  }
  expect(failures.length).toBeGreaterThan(0)
  expect(failures.every(isDiskFull)).toBe(true)
  expect(countUploads(queue) + failures.length).toBe(201)
  expect(queue.db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
})

test('the reserve takes real room, gives it back once, and is taken again', ({ onTestFinished }) => {
  const stateDir = mkdtempSync(join(tmpdir(), 'rushes-reserve-'))
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }))
  const reserve = createDiskReserve(stateDir, 3_000_000)
  const { size, blocks, mode } = statSync(join(stateDir, 'reserve'))
  expect([size, mode & 0o777]).toEqual([3_000_000, 0o600])
  expect(blocks * 512).toBeGreaterThanOrEqual(3_000_000)
  expect([reserve.isTaken(), reserve.release(), reserve.release(), reserve.isTaken()]).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(readdirSync(stateDir)).toEqual([])
  expect([reserve.restore(), reserve.isTaken()]).toEqual([true, true])
})
