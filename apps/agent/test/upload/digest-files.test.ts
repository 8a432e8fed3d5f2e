import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { resumeDigests } from '../../src/queue/file-digests.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { digestNextFile } from '../../src/upload/digest-files.ts'
import { hashBytes } from '../../src/xxh64.ts'
import { addClip, startOfTime, testQueue } from '../queue/test-queue.ts'

const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, index) => (index * 31 + (index >> 8)) % 256))
const cut = 1_300_000
const at = new Date(startOfTime)

/** A file on disk of which two parts have arrived, the second one first. */
function arrived() {
  const { queue, clock } = testQueue({ isOurs: false })
  const dir = mkdtempSync(join(tmpdir(), 'rushes-digest-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'A001.mov')
  const write = (content: Uint8Array) => {
    writeFileSync(path, content)
    utimesSync(path, at, at)
  }
  write(bytes)
  const inode = String(statSync(path, { bigint: true }).ino)
  const source = { path, watchFolder: dir, volumeId: 'v', inode, inodeIsStable: true, identityKey: 'k', statKey: 's' }
  const file = { ...source, sizeBytes: bytes.length, modifiedUs: startOfTime * 1_000 }
  const { id } = addClip(queue, bytes.length, { file })
  const registration = claimRegistration(queue, 1)
  if (registration === null) throw new Error('there is one to register')
  const spans = [
    { number: 1, offset: 0, sizeBytes: cut },
    { number: 2, offset: cut, sizeBytes: bytes.length - cut },
  ]
  const parts = spans.map((span) => ({ ...span, url: 'http://x/' }))
  recordCreated(queue, registration, { assetId: 'asset-1', urlsIssuedAt: clock.now, parts })
  const claims = [claimPart(queue), claimPart(queue)]
  for (const claim of claims.reverse()) {
    if (claim === null) throw new Error('there is a part to send')
    const sent = bytes.subarray(claim.offset, claim.offset + claim.sizeBytes)
    acknowledgePart(queue, claim, hashBytes(sent), false)
  }
  const stop = new AbortController()
  let sending = 0
  const options = {
    ...{ queue, inFlight: { count: () => sending }, random: () => 0.5, signal: stop.signal },
    log: pino({ level: 'silent' }),
  }
  const digest = () => digestNextFile(options)
  const upload = () => findUpload(queue, id)
  const notices = () => readEvents(queue, 0, 1_000).flatMap(({ body }) => (body.kind === 'notice' ? [body.code] : []))
  return { queue, clock, path, write, stop, digest, upload, notices, send: (count: number) => (sending = count) }
}

test('a file whose parts left in no order is read once when it has arrived, and never again', async () => {
  const { digest, upload, clock } = arrived()
  expect(upload()?.digest).toBeNull()
  expect(await digest()).toBe(true)
  expect(upload()?.digest).toEqual({ xxh64: hashBytes(bytes), at: clock.now })
  expect(await digest()).toBe(false)
})

test('a file with other bytes under the same size and date is told of, and gets no digest', async () => {
  const { digest, upload, write, notices } = arrived()
  write(bytes.toReversed())
  expect(await digest()).toBe(true)
  expect(upload()?.digest).toBeNull()
  expect(notices()).toEqual(['fileChangedSince'])
  expect(await digest()).toBe(false)
})

test('a file that was written to since it was sent is left alone', async () => {
  const { digest, upload, path, notices } = arrived()
  writeFileSync(path, 'another take')
  expect(await digest()).toBe(true)
  expect(upload()?.digest).toBeNull()
  expect(notices()).toEqual([])
  expect(await digest()).toBe(false)
})

test('a card that is away is looked for again later, a few times, and once more when it is put in again', async () => {
  const { digest, upload, path, clock, queue, write } = arrived()
  const capture = takeInFiles(queue, pino({ level: 'silent' }))
  const tell = (id: string, present: boolean) =>
    capture.onVolumes([{ id, label: '', path: '/card', sizeBytes: null, freeBytes: null, present }])
  tell('v', true)
  rmSync(path)
  for (let look = 0; look < 5; look++) {
    expect(await digest()).toBe(true)
    expect(await digest()).toBe(false)
    clock.now += 300_000
  }
  expect(await digest()).toBe(false)
  tell('v', false)
  tell('another', true)
  expect(await digest()).toBe(false)
  expect(upload()?.digest).toBeNull()
  write(bytes)
  // The inode is another one now, as on cards that have none of their own.
  queue.db.exec('UPDATE files SET inode_is_stable = 0')
  tell('v', true)
  expect(await digest()).toBe(true)
  expect(upload()?.digest?.xxh64).toBe(hashBytes(bytes))
})

test('a file that was changed since is not read again when its card is put in again', async () => {
  const { digest, queue, write, notices } = arrived()
  write(bytes.toReversed())
  await digest()
  resumeDigests(queue, 'v')
  expect(await digest()).toBe(false)
  expect(notices()).toEqual(['fileChangedSince'])
})

test('the rest of the agent has its turn between two clips, also when nothing is known of their parts', async () => {
  const { digest, queue } = arrived()
  queue.db.exec('DELETE FROM parts')
  let turns = 0
  setImmediate(() => turns++)
  expect(await digest()).toBe(true)
  expect(turns).toBe(1)
  expect(await digest()).toBe(false)
})

test('a shutdown in the middle of it costs no attempt', async () => {
  const { digest, upload, stop, send, queue } = arrived()
  send(1)
  const reading = digest()
  stop.abort()
  expect(await reading).toBe(false)
  expect(upload()?.digest).toBeNull()
  expect(queue.db.prepare('SELECT digest_attempts AS attempts FROM uploads').get()?.attempts).toBe(0)
})
