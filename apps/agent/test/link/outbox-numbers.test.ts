import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openQueue } from '../../src/queue/open-queue.ts'
import { appendUploadChanged, newestSeq, readEvents } from '../../src/queue/outbox.ts'
import { uploadReport } from './fake-port.ts'

it('news of an upload after a snapshot was begun get a number of their own, or they would pass for what it includes', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'rushes-outbox-'))
  const queue = openQueue({ stateDir, bootId: 'boot-1' })
  onTestFinished(() => {
    queue.close()
    rmSync(stateDir, { recursive: true })
  })
  appendUploadChanged(queue, { ...uploadReport(1), state: 'queued' })
  appendUploadChanged(queue, { ...uploadReport(1), state: 'registering' })
  expect(newestSeq(queue)).toBe(1)
  appendUploadChanged(queue, { ...uploadReport(1), state: 'uploading' })
  expect(
    readEvents(queue, 0, 10).map(({ seq, body }) => [seq, body.kind === 'uploadChanged' ? body.upload.state : null]),
  ).toEqual([
    [1, 'registering'],
    [2, 'uploading'],
  ])
})
