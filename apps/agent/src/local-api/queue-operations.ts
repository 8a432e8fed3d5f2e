import { realpath } from 'node:fs/promises'
import { deviceReasons, shownState } from '@rushes/upload-core'
import { AgentError } from '../agent-error.ts'
import { addFile } from '../daemon/add-file.ts'
import { addPiped } from '../daemon/add-piped.ts'
import { deviceConditions, type LiveFacts, readDeviceStatus } from '../daemon/device-status.ts'
import { readFolderSums } from '../daemon/folder-sums.ts'
import { requireAddress } from '../destination/address.ts'
import type { DestinationPool } from '../destination-pool.ts'
import type { LinkStatus } from '../link-port.ts'
import { findUpload } from '../queue/apply-upload-event.ts'
import {
  cancelUploads,
  countRestorable,
  endHold,
  holdUploads,
  pinUploads,
  releaseHeld,
  resetUploads,
  restoreUploads,
  retryUploads,
  unblockUpload,
} from '../queue/decisions.ts'
import {
  forgetControlLink,
  forgetLinks,
  readClientId,
  readControlLink,
  readUploadLink,
  storeControlLink,
  storeUploadLink,
} from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { nearPairingEnd } from '../queue/pairing-end.ts'
import { uploadsInOrder, uploadsOnTheirWay } from '../queue/queue-reports.ts'
import { uploadReportOf } from '../queue/upload-report.ts'
import { isSpooled } from '../spool/spool-folder.ts'
import type { Authorization } from '../upload/authorization.ts'
import { agentVersion } from '../version.ts'
import { clipOperations } from './clip-operations.ts'
import { maxProgressClips, type Operations, type StatusAnswer } from './operations.ts'

export type QueueOperationsOptions = {
  queue: Queue
  stateDir: string
  pool: DestinationPool
  authorization: Authorization
  /** Takes a recorder's word that a growing file is complete; absent when no daemon runs. */
  finishRecording?: (path: string) => Promise<'finished' | 'unknown'>
  /** Null when no daemon runs. */
  live():
    | (LiveFacts & {
        leftOut: Record<string, number>
        controlLink: LinkStatus | null
        bytesInFlightOf(uploadId: string): number
      })
    | null
}

/** The operations on an open queue. */
export function queueOperations({
  queue,
  stateDir,
  pool,
  authorization,
  live,
  finishRecording,
}: QueueOperationsOptions): Operations {
  const readStatus = (): StatusAnswer => {
    const facts = live()
    const conditions = deviceConditions(queue, facts)
    return {
      ...readDeviceStatus(queue, facts),
      daemon: facts !== null,
      paired: conditions.paired,
      clientId: readClientId(queue),
      deviceId: readControlLink(queue)?.deviceId ?? null,
      controlServer: readControlLink(queue)?.serverUrl ?? null,
      controlLink: facts?.controlLink ?? null,
      agentVersion,
      notMoving: deviceReasons(conditions).map(({ reason, since }) => ({ reason, since })),
      pairingEndsAt: pairingEndsAt(),
      sharingPaused: readUploadLink(queue)?.sharingPaused === true,
      leftOut: facts?.leftOut ?? null,
      limitBytesPerSecond: pool.limitBytesPerSecond(),
      folders: readFolderSums(queue, facts?.volumes ?? []),
    }
  }
  const pairingEndsAt = (): string | null => {
    const end = nearPairingEnd(queue)
    return end === null ? null : new Date(queue.now() + end.leftMs).toISOString()
  }
  return {
    status: async () => readStatus(),
    async progress({ ids }) {
      const facts = live()
      const conditions = deviceConditions(queue, facts)
      const uploads =
        ids === null ? uploadsOnTheirWay(queue, maxProgressClips) : ids.flatMap((id) => findUpload(queue, id) ?? [])
      const clips = uploads.map((upload) => {
        const report = uploadReportOf(upload)
        return { ...report, ...shownState(conditions, report), bytesInFlight: facts?.bytesInFlightOf(upload.id) ?? 0 }
      })
      return { status: readStatus(), clips }
    },
    async list({ afterSeq, limit }) {
      const conditions = deviceConditions(queue, live())
      return uploadsInOrder(queue, afterSeq, limit).map((upload) => {
        const report = uploadReportOf(upload)
        return {
          ...report,
          ...shownState(conditions, report),
          seq: upload.seq,
          pinned: upload.pinnedAt !== null,
          xxh64: upload.digest?.xxh64 ?? null,
          unblocked:
            upload.unblocked === null
              ? null
              : { reason: upload.unblocked.reason, at: new Date(upload.unblocked.at).toISOString() },
        }
      })
    },
    ...clipOperations(queue),
    async add({ paths, channel }) {
      const outcomes = []
      for (const path of paths) outcomes.push(await addFile(queue, path, channel))
      return outcomes
    },
    addPiped: ({ id }) => addPiped(queue, stateDir, id),
    retry: async ({ ids }) => retryUploads(queue, ids),
    reset: async ({ ids }) => resetUploads(queue, ids),
    async cancel({ ids }) {
      const cancelled = cancelUploads(queue, ids, 'cancelledOnDevice')
      const real = await realpath(stateDir)
      const paths = cancelled.ids.flatMap((id) => findUpload(queue, id)?.source.path ?? [])
      return { ...cancelled, onlyCopies: paths.filter((path) => isSpooled(real, path)) }
    },
    async finish({ path }) {
      if (finishRecording === undefined)
        throw new AgentError(
          'DAEMON_NOT_RUNNING',
          'no agent runs, so nothing is watched',
          'Start it with: rushes-agent run --watch DIR',
        )
      return { finished: (await finishRecording(path)) === 'finished' }
    },
    pin: async ({ ids, pinned }) => ({ ids: pinUploads(queue, ids, pinned) }),
    hold: async () => ({ changed: holdUploads(queue, 'device') }),
    unblock: async ({ id, reason }) => ({ ids: unblockUpload(queue, id, reason).ids }),
    restore: async ({ ids }) => restoreUploads(queue, ids),
    restorable: async () => countRestorable(queue),
    release: async ({ ids }) => ({ changed: endHold(queue, 'device'), ids: releaseHeld(queue, ids).ids }),
    async admitAddress({ serverUrl }) {
      requireAddress(serverUrl, pool.settings.allowInsecure)
      return {}
    },
    async pair({ uploadLink, controlLink }) {
      // Whoever asked may allow more than this agent does.
      requireAddress(uploadLink.serverUrl, pool.settings.allowInsecure)
      queue.transact(() => {
        if (controlLink === null) forgetControlLink(queue)
        else storeControlLink(queue, controlLink)
        storeUploadLink(queue, uploadLink)
      })
      const confirmation = await authorization.confirm()
      return { confirmed: confirmation.kind, project: readUploadLink(queue)?.project ?? null }
    },
    async deauthorize() {
      const link = readUploadLink(queue)
      if (link === null) return { revoked: false }
      const { clientId, clientSecret, refreshToken } = link
      const revoked = await pool
        .of(link)
        .revoke({ clientId, clientSecret, token: refreshToken }, AbortSignal.timeout(15_000))
      forgetLinks(queue)
      return { revoked: revoked.kind === 'revoked' }
    },
    clientId: async () => readClientId(queue),
  }
}
