import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { detailedErrorBody } from '@rushes/protocol'
import { noLoss } from '@rushes/upload-core'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { addFile } from '../../src/daemon/add-file.ts'
import type { CreateAsset, CreateOutcome, Destination } from '../../src/destination/port.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { noteServerTime, storeCapture } from '../../src/queue/capture-clock.ts'
import { retryUploads } from '../../src/queue/decisions.ts'
import { createGroupCommit } from '../../src/queue/group-commit.ts'
import { claimRegistration } from '../../src/queue/registrations.ts'
import { createGate } from '../../src/upload/gate.ts'
import { registerFiles } from '../../src/upload/register.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'
import { noHandOver, oneFile } from './one-at-a-time.ts'

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
  await registerFiles({
    queue,
    gate: createGate({ probe: unused, now: queue.now, random: () => 0, signal, onOpen: idle, onChange: idle }),
    authorization: { confirm: unused },
    random: () => 0,
    destinationOf: unused,
    commit: createGroupCommit(queue, () => false),
    handOver: noHandOver,
    maxOpenAssets: 4,
    linkLoss: () => noLoss,
    onLook: () => undefined,
    onClaim: () => undefined,
    ...oneFile,
    log: pino({ level: 'silent' }),
    signal,
  })
  expect(findUpload(queue, added.id)?.state).toMatchObject({ kind: 'failed', reason: 'sourceChanged' })
  expect(retryUploads(queue, [added.id]).ids).toEqual([added.id])
  expect(claimRegistration(queue, 4)?.upload.adoptSource).toBe(true)
})

/** Registers a file that is to be the newer version of another, with a destination that answers creates so, one after the other. */
async function registerNewer(isOurs: boolean, answers: CreateOutcome[]) {
  const { queue, stateDir } = testQueue({ isOurs })
  const path = join(stateDir, 'again.mov')
  await writeFile(path, 'take one, whole')
  const added = await addFile(queue, path, 0)
  if (added.outcome !== 'queued') throw new Error(`the file was ${added.outcome}`)
  queue.db.prepare("UPDATE uploads SET version_of = 'asset-0' WHERE id = ?").run(added.id)
  const created: CreateAsset[] = []
  const destination = {
    async createAsset(request: CreateAsset) {
      created.push(request)
      const answer = answers.shift()
      if (answer === undefined) throw new Error('one create too many')
      return answer
    },
  }
  const { signal } = new AbortController()
  const unused = () => {
    throw new Error('nobody is to be asked')
  }
  const idle = () => undefined
  await registerFiles({
    queue,
    gate: createGate({
      probe: async () => true,
      now: queue.now,
      random: () => 0,
      signal,
      onOpen: idle,
      onChange: idle,
    }),
    authorization: { confirm: unused },
    random: () => 0,
    // Of the destination only what is called here is there.
    destinationOf: () => destination as unknown as Destination,
    commit: createGroupCommit(queue, () => false),
    handOver: noHandOver,
    maxOpenAssets: 4,
    linkLoss: () => noLoss,
    onLook: () => undefined,
    onClaim: () => undefined,
    ...oneFile,
    log: pino({ level: 'silent' }),
    signal,
  })
  const keys = new Set(created.map(({ idempotencyKey }) => idempotencyKey))
  return { upload: findUpload(queue, added.id), versions: created.map(({ versionOf }) => versionOf), keys: keys.size }
}
const created: CreateOutcome = {
  ...{ kind: 'created', assetId: 'asset-1', name: 'again.mov', uploadUrls: ['http://x/1'], rateLimit: null },
}
const answered400 = (contentType: string, body: string): CreateOutcome => ({
  kind: 'failed',
  failure: { kind: 'reply', status: 400, contentType, body, retryAfterMs: null, rateLimit: null },
})
const refused = answered400(
  'application/json',
  JSON.stringify(detailedErrorBody(400, 'Bad Request', 'auto_version_id')),
)

test('a newer version of a clip that was purged at the destination meanwhile becomes a clip of its own, under another key', async () => {
  const { upload, versions, keys } = await registerNewer(true, [refused, created])
  expect(versions).toEqual(['asset-0', undefined])
  expect(keys).toBe(2)
  expect(upload).toMatchObject({ state: { kind: 'uploading', asset: { assetId: 'asset-1' } }, versionOf: null })
})

test('a create that is refused without naming an earlier clip too has failed, and is not made a third time', async () => {
  const { upload, versions } = await registerNewer(true, [refused, refused])
  expect(versions).toEqual(['asset-0', undefined])
  expect(upload?.state.kind).toBe('failed')
})

test('a page of somebody on the way does not make a clip of its own of a newer version, nor a clip fail', async () => {
  const page = answered400('text/html', '<html>Bad Request</html>')
  const { upload, versions } = await registerNewer(true, [page])
  expect(versions).toEqual(['asset-0'])
  expect(upload).toMatchObject({ state: { kind: 'waiting', reason: 'backoff' }, versionOf: 'asset-0' })
})

test('a foreign server, which is told of no earlier clip, is not asked twice', async () => {
  const { upload, versions } = await registerNewer(false, [refused])
  expect(versions).toHaveLength(1)
  expect(upload?.state.kind).toBe('failed')
})

test('a clip of another boot is created only when the destination has told what time it is', async () => {
  const { queue: before, stateDir, clock, reopen } = testQueue()
  const path = join(stateDir, 'A001.mov')
  await writeFile(path, 'a clip')
  const added = await addFile(before, path, 0)
  if (added.outcome !== 'queued') throw new Error(`the file was ${added.outcome}`)
  storeCapture(before, added.id, { at: startOfTime, inBoot: { bootId: 'boot-1', uptimeMs: before.uptimeMs() } })
  noteServerTime(before, startOfTime)
  clock.bootedAt = clock.now
  const queue = reopen('boot-2')
  const { signal } = new AbortController()
  const offsets: number[] = []
  const destination: Partial<Destination> = {
    createAsset: async ({ offsetSeconds }) => {
      offsets.push(offsetSeconds())
      return { kind: 'aborted' }
    },
  }
  const idle = () => undefined
  await registerFiles({
    queue,
    gate: createGate({
      probe: async () => false,
      now: queue.now,
      random: () => 0,
      signal,
      onOpen: idle,
      onChange: idle,
    }),
    authorization: {
      confirm: async () => {
        noteServerTime(queue, startOfTime + 120_000)
        return { kind: 'confirmed', moved: false }
      },
    },
    random: () => 0,
    destinationOf: () => destination as Destination,
    commit: createGroupCommit(queue, () => false),
    handOver: noHandOver,
    maxOpenAssets: 4,
    linkLoss: () => noLoss,
    onLook: () => undefined,
    onClaim: () => undefined,
    ...oneFile,
    log: pino({ level: 'silent' }),
    signal,
  })
  expect(offsets).toEqual([120])
})
