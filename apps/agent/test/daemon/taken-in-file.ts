import { pino } from 'pino'
import type { GrowingFile, SettledFile } from '../../src/capture/capture-port.ts'
import { identityOf } from '../../src/capture/file-identity.ts'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'

export const path = '/card/A001.mov'
export const minute = 60_000

export type Look = {
  sizeBytes: number
  modifiedAt: number
  inode: string
  volumeId: string
  capturedAt: number
  ends: string
  inodeIsStable: boolean
}
export const before: Look = {
  ...{ sizeBytes: 2_000, modifiedAt: minute, inode: '1', volumeId: 'volume-1', capturedAt: startOfTime },
  ...{ ends: '0123456789abcdef', inodeIsStable: true },
}

export function settled(change: Partial<Look>): SettledFile {
  const look = { ...before, ...change }
  const volume = {
    id: look.volumeId,
    label: '',
    mountPoint: '/card',
    keepsInodes: look.inodeIsStable,
    tellsOfChanges: true,
  }
  const mtimeNs = BigInt(look.modifiedAt) * 1_000_000n
  const seen = { sizeBytes: look.sizeBytes, mtimeNs, inode: BigInt(look.inode), device: 1n }
  return {
    path,
    relativePath: 'A001.mov',
    watchFolder: {
      ...{ path: '/card', channel: 0, mode: 'on-close', include: [], exclude: [] },
      ...{ order: 'oldest-first', bytesPerSecond: null },
    },
    identity: identityOf(seen, volume, path, look.ends),
    sizeBytes: look.sizeBytes,
    modifiedAt: look.modifiedAt,
    birthtime: null,
    firstGrowthSeenAt: null,
    embeddedCreationAt: null,
    capturedAt: look.capturedAt,
    isByOwnClock: false,
    mediaType: 'video/quicktime',
  }
}

export const growing = (sizeBytes: number): GrowingFile => ({
  ...{
    path,
    relativePath: 'A001.mov',
    watchFolder: settled({}).watchFolder,
    sizeBytes,
    since: startOfTime,
    sawBegin: true,
    bornAt: null,
  },
  ...{ modifiedUs: 1, volumeId: 'volume-1', inode: '1', inodeIsStable: true },
})

export function takenIn(change: Partial<Look> = {}) {
  const { queue, clock } = testQueue()
  const listener = takeInFiles(queue, pino({ level: 'silent' }))
  listener.onSettled(settled(change))
  const [upload] = uploadsInOrder(queue, 0, 10)
  if (upload === undefined) throw new Error('the file was taken in')
  return { queue, clock, listener, id: upload.id, state: () => findUpload(queue, upload.id) }
}

/** An upload with two parts, the first of which has arrived. */
export function sendHalf(queue: Queue): void {
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('there is one to register')
  const parts = [1, 2].map((number) => ({ number, offset: (number - 1) * 1_000, sizeBytes: 1_000, url: 'http://x/' }))
  recordCreated(queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts })
  const part = claimPart(queue)
  if (part === null) throw new Error('there is a part to send')
  acknowledgePart(queue, part, '0123456789abcdef', false)
}
