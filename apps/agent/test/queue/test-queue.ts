import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DestinationIdentity } from '../../src/destination/port.ts'
import { addUpload, type NewUpload } from '../../src/queue/add-upload.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { storeUploadLink } from '../../src/queue/links.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import { openQueue, type Queue } from '../../src/queue/open-queue.ts'
import type { StoredUpload } from '../../src/queue/stored-upload.ts'
import { hashText } from '../../src/xxh64.ts'

export const startOfTime = Date.parse('2026-03-01T12:00:00Z')

export type TestQueue = {
  queue: Queue
  stateDir: string
  clock: { now: number; bootedAt: number }
  reopen(bootId?: string): Queue
}

/** A queue in a folder of its own, with a clock that stands still (one that is set moves `bootedAt` as well); paired with a project unless told otherwise. */
export function testQueue(options: { projectId?: string | null; isOurs?: boolean } = {}): TestQueue {
  const stateDir = mkdtempSync(join(tmpdir(), 'rushes-queue-'))
  const clock = { now: startOfTime, bootedAt: startOfTime - 3_600_000 }
  const open = (bootId: string) =>
    openQueue({ stateDir, bootId, now: () => clock.now, uptimeMs: () => clock.now - clock.bootedAt })
  const opened = [open('boot-1')]
  onTestFinished(() => {
    for (const queue of opened) if (queue.db.isOpen) queue.close()
    rmSync(stateDir, { recursive: true, force: true })
  })
  const [queue] = opened
  if (queue === undefined) throw new Error('a queue was opened')
  const { projectId = 'project-a', isOurs = true } = options
  if (projectId !== null) pairWith(queue, projectId, isOurs)
  return {
    queue,
    stateDir,
    clock,
    reopen(bootId = 'boot-1') {
      for (const before of opened) if (before.db.isOpen) before.close()
      const again = open(bootId)
      opened.push(again)
      return again
    },
  }
}

export function pairWith(queue: Queue, projectId: string, isOurs = true): void {
  storeUploadLink(queue, {
    serverUrl: 'http://127.0.0.1:1',
    isOurs,
    clientId: 'unit',
    clientSecret: null,
    accessToken: 'access-1',
    accessExpiresAt: queue.now() + 8 * 3_600_000,
    refreshToken: 'refresh-1',
  })
  takeIdentity(queue, identity(projectId), hashText)
}

/** What the destination says of this device. */
export function identity(
  projectId: string | null,
  fence: Partial<NonNullable<DestinationIdentity['fence']>> = {},
): DestinationIdentity {
  return {
    id: 'project-device',
    deviceId: 'device-1',
    name: 'Camera A',
    projectId,
    projectName: projectId === null ? null : `The ${projectId}`,
    status: 'online',
    timezone: null,
    authorizationExpiresAt: null,
    fence: {
      projectEpoch: 1,
      purgeReceiptRequired: false,
      pairedAt: new Date(startOfTime - 60_000).toISOString(),
      ...fence,
    },
  }
}

let files = 0

export function addAndRead(queue: Queue, upload: NewUpload): StoredUpload {
  const added = findUpload(queue, addUpload(queue, upload))
  if (added === null) throw new Error('what was added is there')
  return added
}

/** Takes a file into the queue that nobody looks at. */
export function addClip(queue: Queue, sizeBytes = 3_000, change: Partial<NewUpload> = {}): StoredUpload {
  const number = ++files
  return addAndRead(queue, {
    file: {
      path: `/card/A${number}.mov`,
      watchFolder: '/card',
      volumeId: 'volume-1',
      inode: String(number),
      inodeIsStable: true,
      sizeBytes,
      modifiedUs: 1,
      identityKey: `key-${number}`,
      statKey: `stat-${number}`,
    },
    name: `A${number}.mov`,
    mimeType: 'video/quicktime',
    channel: 0,
    capturedAt: startOfTime,
    entry: { kind: 'queued' },
    ...change,
  })
}

/** The same queue, and every statement that is asked of it. */
export function overheard(queue: Queue): { listening: Queue; said: string[] } {
  const said: string[] = []
  const listening: Queue = {
    ...queue,
    sql(statement) {
      said.push(statement)
      return queue.sql(statement)
    },
  }
  return { listening, said }
}
