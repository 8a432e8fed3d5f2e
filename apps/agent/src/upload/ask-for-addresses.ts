import { describeFailure } from '../destination/describe-failure.ts'
import type { Destination, RealtimeParts } from '../destination/port.ts'
import { issuedAt } from '../queue/address-age.ts'
import {
  countGrowingAttempt,
  type GrowingUpload,
  readGrowing,
  recordGrowingFailure,
  returnGrowingAttempt,
  storeAddresses,
} from '../queue/growing-claims.ts'
import { type GrowingRow, growingRows, isSentTo } from '../queue/growing-parts.ts'
import { findGrowth, sendWhole } from '../queue/growths.ts'
import { readUploadLink, type UploadLink } from '../queue/links.ts'
import { type JudgeOptions, judge } from './judge.ts'

export type AskOptions = JudgeOptions & {
  destinationOf(link: UploadLink): Destination
  signal: AbortSignal
}

/**
 * Asks in one call for the addresses of all parts of a growing upload that have none: newly cut ones, those whose address ran out, those that
 * go again. The sizes are those stored, so that a call whose reply was lost can simply be made once more.
 */
export async function askForAddresses(options: AskOptions, uploadId: string): Promise<void> {
  for (const isReplay of [false, true]) {
    if ((await askOnce(options, uploadId, isReplay)) === 'done') return
  }
}

async function askOnce(options: AskOptions, uploadId: string, isReplay: boolean): Promise<'done' | 'replay'> {
  const { queue, destinationOf, gate, signal } = options
  const growing = readGrowing(queue, uploadId)
  const link = readUploadLink(queue)
  if (growing === null || growing.upload.state.kind !== 'uploading' || link === null || !gate.isOpen()) return 'done'
  if (link.fence !== 'open' || link.project?.id !== growing.upload.projectId) return 'done'
  const rows = growingRows(queue, uploadId).filter((row) => isToRegister(row, growing))
  if (rows.length === 0) return 'done'
  const attempts = countGrowingAttempt(queue, uploadId)
  const askedAt = queue.uptimeMs()
  const outcome = await destinationOf(link).requestRealtimeParts(requestOf(link, growing, rows), signal)
  if (outcome.kind === 'aborted') {
    returnGrowingAttempt(queue, uploadId)
    return 'done'
  }
  if (outcome.kind === 'addresses') {
    gate.succeeded()
    const parts = rows.flatMap((row, index) => {
      const url = outcome.uploadUrls[index]
      return url === undefined ? [] : [{ ...row, url }]
    })
    storeAddresses(queue, { uploadId, assetId: growing.assetId }, issuedAt(queue, askedAt), parts)
    return 'done'
  }
  const error = describeFailure(outcome.failure)
  const { accessToken } = link
  const { failure } = outcome
  const judgement = await judge(options, { operation: 'addresses', failure, error, attempts, accessToken, isReplay })
  if (judgement.kind !== 'consequence') {
    returnGrowingAttempt(queue, uploadId)
    return judgement.kind === 'replay' ? 'replay' : 'done'
  }
  const { consequence } = judgement
  const isRefused = consequence.kind === 'fail' && consequence.reason === 'rejectedByDestination'
  queue.transact(() => {
    // Taken anew meanwhile: nobody has refused what it is now.
    if (!isSentTo(queue, uploadId, growing.assetId)) return
    // A file at rest (it may have come to rest meanwhile) can go up in the ordinary way, whatever this destination has against parts that change. One
    // that still grows has failed until it rests.
    const growth = findGrowth(queue, uploadId)
    if (isRefused && growth?.phase === 'complete') {
      const { path } = growing.upload.source
      const extension = path.slice(path.lastIndexOf('.')).toLowerCase()
      if (sendWhole(queue, growing.upload, extension, growth.shiftBytes > 0)) return
    }
    recordGrowingFailure(queue, uploadId, consequence, error)
  })
  return 'done'
}

function isToRegister({ state, hasAddress, role }: GrowingRow, { growth }: GrowingUpload): boolean {
  if (state !== 'pending' || hasAddress) return false
  return role !== 'head' || growth.registersHead || growth.phase === 'complete'
}

function requestOf(
  { accessToken }: UploadLink,
  { upload, growth, assetId }: GrowingUpload,
  rows: readonly GrowingRow[],
): RealtimeParts {
  const parts = rows.map(({ number, sizeBytes, role }) => ({ number, sizeBytes, isFinal: role === 'final' }))
  const isLast = parts.some(({ isFinal }) => isFinal)
  if (!isLast || growth.completeBytes === null) return { accessToken, assetId, parts }
  return { accessToken, assetId, parts, assetSizeBytes: growth.completeBytes, assetName: upload.name }
}
