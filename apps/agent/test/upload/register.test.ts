import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { noLoss } from '@rushes/upload-core'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { addFile } from '../../src/daemon/add-file.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { retryUploads } from '../../src/queue/decisions.ts'
import { claimRegistration } from '../../src/queue/registrations.ts'
import { createGate } from '../../src/upload/gate.ts'
import { registerNext } from '../../src/upload/register.ts'
import { testQueue } from '../queue/test-queue.ts'

test('a file that a person added and that was written to since fails, because nobody watches it to say when it rests', async () => {
  const { queue, stateDir } = testQueue()
  const path = join(stateDir, 'added.mov')
  await writeFile(path, 'take one')
  const added = await addFile(queue, path, 0)
  if (added.outcome !== 'queued') throw new Error(`the file was ${added.outcome}`)
  await appendFile(path, ' and more')
  const { signal } = new AbortController()
  const unused = () => {
    throw new Error('nothing is sent of it')
  }
  const idle = () => undefined
  await registerNext({
    queue,
    gate: createGate({ probe: unused, now: queue.now, random: () => 0, signal, onOpen: idle, onChange: idle }),
    authorization: { confirm: unused },
    random: () => 0,
    destinationOf: unused,
    maxOpenAssets: 4,
    linkLoss: () => noLoss,
    log: pino({ level: 'silent' }),
    signal,
  })
  expect(findUpload(queue, added.id)?.state).toMatchObject({ kind: 'failed', reason: 'sourceChanged' })
  expect(retryUploads(queue, [added.id]).ids).toEqual([added.id])
  expect(claimRegistration(queue, 4)?.upload.adoptSource).toBe(true)
})
